// SPDX-License-Identifier: Apache-2.0
// kill -9 at random points: every acknowledged message is there afterwards.
#include "core/store/conversation_store.h"

#include <csignal>
#include <fcntl.h>
#include <map>
#include <poll.h>
#include <set>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/core/store/temporary_folder.h"

using namespace gorgon;
using gorgon::tests::TemporaryFolder;

namespace {

struct Writer
{
    pid_t process = -1;
    int acknowledged = -1; // reading end
};

Writer startWriter(const std::filesystem::path& file, uint64_t seed, const char* pause_us = "0")
{
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    REQUIRE(fcntl(ends[1], F_SETPIPE_SZ, 1 << 20) > 0);
    const std::string number = std::to_string(seed);
    const pid_t process = fork();
    REQUIRE(process >= 0);
    if (process == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execl(CRASH_WRITER, CRASH_WRITER, file.c_str(), number.c_str(), pause_us, nullptr);
        _exit(127);
    }
    close(ends[1]);
    return {process, ends[0]};
}

std::string readAll(int descriptor)
{
    std::string text;
    char part[4096];
    for (ssize_t n = 0; (n = read(descriptor, part, sizeof part)) > 0;)
        text.append(part, size_t(n));
    close(descriptor);
    return text;
}

} // namespace

TEST_CASE("what was acknowledged before a kill -9 is there after it")
{
    std::mt19937_64 random = gorgon::tests::seededRandom();
    TemporaryFolder folder;
    const auto file = folder.path() / "c.db";
    std::map<int64_t, std::string>
        last; // message -> last word about it: "message", "complete" or a length
    std::set<int64_t> conversations;
    for (int round = 0; round < 50; round++) {
        const Writer writer = startWriter(file, random());
        if (round % 5 != 0) { // every fifth one may die while opening
            pollfd first_word{writer.acknowledged, POLLIN, 0};
            REQUIRE(poll(&first_word, 1, 30'000) == 1);
        }
        usleep(useconds_t(random() % 60'000));
        kill(writer.process, SIGKILL);
        int status = 0;
        REQUIRE(waitpid(writer.process, &status, 0) == writer.process);
        REQUIRE(WIFSIGNALED(status));
        std::istringstream lines(readAll(writer.acknowledged));
        for (std::string word; lines >> word;) {
            int64_t id = 0;
            REQUIRE(bool(lines >> id));
            if (word == "conversation")
                conversations.insert(id);
            else if (word == "partial")
                lines >> last[id];
            else
                last[id] = word;
        }
        const ConversationStore store(file);
        CHECK(store.notice().empty());
        CHECK(gorgon::tests::querySql(file, "PRAGMA integrity_check") == "ok");
        CHECK(
            gorgon::tests::querySql(file, "SELECT count(*) FROM messages WHERE state = 1") == "0");
    }
    const ConversationStore store(file);
    std::map<int64_t, Message> stored;
    for (const ConversationSummary& summary : store.list()) {
        conversations.erase(summary.id);
        for (Message& message : store.load(summary.id).messages)
            stored.emplace(message.id, std::move(message));
    }
    CHECK(conversations.empty());
    int interrupted = 0;
    for (const auto& [id, word] : last) {
        REQUIRE_MESSAGE(stored.contains(id), "message " << id);
        const Message& message = stored.at(id);
        if (message.role == "user" || !message.text.empty())
            CHECK(std::to_string(message.text.size()) == message.settings); // the whole text
        if (word == "complete")
            CHECK(message.state == MessageState::complete);
        else if (message.role == "assistant" && message.state != MessageState::complete)
            CHECK(message.state == MessageState::interrupted);
        if (word != "complete" && word != "message")
            CHECK(message.text.size() >= std::stoull(word));
    }
    for (const auto& [id, message] : stored)
        interrupted += message.state == MessageState::interrupted;
    MESSAGE(last.size() << " acknowledged messages, " << interrupted << " interrupted answers");
    CHECK(last.size() > 50);
    CHECK(interrupted > 0);
}

TEST_CASE("five instances that start at once all open")
{
    TemporaryFolder folder;
    const auto file = folder.path() / "c.db";
    std::vector<Writer> writers;
    for (uint64_t i = 0; i < 5; i++)
        writers.push_back(startWriter(file, i, "20000"));
    sleep(3);
    for (const Writer& writer : writers)
        kill(writer.process, SIGKILL);
    for (const Writer& writer : writers) {
        int status = 0;
        waitpid(writer.process, &status, 0);
        CHECK((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)); // none ended by itself
        CHECK(readAll(writer.acknowledged).find("complete") != std::string::npos);
    }
    const ConversationStore store(file);
    CHECK(store.notice().empty());
    CHECK(store.list().size() == 5);
}
