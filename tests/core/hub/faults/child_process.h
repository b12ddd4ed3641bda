// SPDX-License-Identifier: Apache-2.0
// A program that a test starts, reads and ends.
#pragma once

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

namespace gorgon::tests {

class ChildProcess
{
public:
    /// `variables`: "NAME=VALUE", beside or instead of those of this process.
    explicit ChildProcess(
        const std::vector<std::string>& arguments, const std::vector<std::string>& variables = {})
    {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) != 0)
            throw std::runtime_error("no pipe");
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
        std::vector<char*> words;
        for (const std::string& argument : arguments)
            words.push_back(const_cast<char*>(argument.c_str()));
        words.push_back(nullptr);
        std::vector<char*> environment;
        for (const std::string& variable : variables)
            environment.push_back(const_cast<char*>(variable.c_str()));
        for (char** variable = environ; *variable; ++variable) {
            const std::string name = std::string(*variable, std::strcspn(*variable, "=")) + "=";
            if (std::none_of(variables.begin(), variables.end(),
                    [&](const std::string& ours) { return ours.starts_with(name); }))
                environment.push_back(*variable);
        }
        environment.push_back(nullptr);
        const int error
            = posix_spawn(&m_id, words[0], &actions, nullptr, words.data(), environment.data());
        posix_spawn_file_actions_destroy(&actions);
        close(ends[1]);
        m_output = ends[0];
        if (error != 0) {
            close(m_output);
            throw std::runtime_error(arguments[0] + ": could not be started");
        }
    }
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;
    ~ChildProcess()
    {
        if (!m_waited) {
            kill();
            wait();
        }
        close(m_output);
    }

    void kill() const { ::kill(m_id, SIGKILL); }
    /// Everything it printed, once it has ended; its status is that of the shell.
    std::string wait()
    {
        std::string text;
        char piece[4096];
        for (ssize_t n; (n = read(m_output, piece, sizeof piece)) > 0;)
            text.append(piece, size_t(n));
        int status = 0;
        waitpid(m_id, &status, 0);
        m_waited = true;
        m_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        return text;
    }
    int status() const { return m_status; }

private:
    pid_t m_id = 0;
    int m_output = -1;
    bool m_waited = false;
    int m_status = -1;
};

} // namespace gorgon::tests
