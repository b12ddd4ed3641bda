// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/program.h"

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <unistd.h>

namespace gorgon {

void Program::note(const std::string& text) const
{
    if (!quiet)
        std::fprintf(stderr, "%s\n", oneLine(text).c_str());
}

void Program::detail(const std::string& text) const
{
    if (verbose)
        std::fprintf(stderr, "%s\n", oneLine(text).c_str());
}

void Program::warn(const std::string& text)
{
    if (warned.insert(text).second)
        note(text);
}

CLI::App* addCommand(CLI::App& parent, Program& program, const std::string& name,
    const std::string& purpose, const std::string& example, std::function<int()> run)
{
    CLI::App* command = parent.add_subcommand(name, purpose);
    command->footer("Example:\n  " + example);
    CLI::Option* quiet = command->add_flag("--quiet", program.quiet, "No messages but errors");
    command->add_flag("--verbose", program.verbose, "More messages")->excludes(quiet);
    command->callback([command, &program, run = std::move(run)] {
        if (command->get_subcommands().empty())
            program.chosen = run;
    });
    return command;
}

void print(std::string_view text)
{
    while (!text.empty()) {
        const ssize_t n = write(STDOUT_FILENO, text.data(), text.size());
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            throw std::runtime_error(
                std::string("standard output: expected to write all results, found \"")
                + std::strerror(errno) + "\"; check where the output goes");
        text.remove_prefix(size_t(n));
    }
}

void printJson(const nlohmann::ordered_json& json)
{
    print(json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

std::string escaped(std::string_view text)
{
    std::string safe;
    safe.reserve(text.size());
    char code[8];
    for (size_t i = 0; i < text.size(); i++) {
        const auto c = uint8_t(text[i]);
        const bool c1 = c == 0xC2 && i + 1 < text.size() && uint8_t(text[i + 1]) >= 0x80
            && uint8_t(text[i + 1]) < 0xA0;
        if (c1) {
            std::snprintf(code, sizeof code, "\\x%02X", uint8_t(text[++i]));
            safe += code;
        } else if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7F) {
            std::snprintf(code, sizeof code, "\\x%02X", c);
            safe += code;
        } else
            safe += text[i];
    }
    return safe;
}

std::string forOutput(std::string_view text)
{
    static const bool kTerminal = isatty(STDOUT_FILENO) == 1;
    return kTerminal ? escaped(text) : std::string(text);
}

std::string oneLine(std::string_view text)
{
    std::string line = escaped(text);
    while (!line.empty() && line.back() == '\n')
        line.pop_back();
    for (char& c : line)
        if (c == '\n' || c == '\t')
            c = ' ';
    return line;
}

Progress::Progress(const Program& program, std::string what)
    : m_what(std::move(what))
    , m_quiet(program.quiet)
    , m_terminal(isatty(STDERR_FILENO) == 1)
    , m_last(std::chrono::steady_clock::now())
{
}

Progress::~Progress()
{
    if (m_shown && m_terminal)
        std::fputs("\r\033[K", stderr);
}

void Progress::show(double done, double total)
{
    const auto now = std::chrono::steady_clock::now();
    const auto pause
        = m_terminal ? std::chrono::milliseconds(100) : std::chrono::milliseconds(10'000);
    if (m_quiet || total <= 0 || now - m_last < pause)
        return;
    m_last = now;
    m_shown = true;
    const double share = std::min(1.0, done / total);
    if (!m_terminal) {
        std::fprintf(stderr, "%s: %.0f %%\n", m_what.c_str(), share * 100);
        return;
    }
    constexpr int kWidth = 30;
    const int filled = int(share * kWidth);
    std::fprintf(stderr, "\r%s [%s%s] %3.0f %%\033[K", m_what.c_str(),
        std::string(size_t(filled), '#').c_str(), std::string(size_t(kWidth - filled), '.').c_str(),
        share * 100);
}

} // namespace gorgon
