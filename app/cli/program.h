// SPDX-License-Identifier: GPL-3.0-or-later
// What every subcommand shares: results, messages, progress and the ways to end.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "app/cli/interrupt.h"

namespace gorgon {

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kWrongUsage = 2;
constexpr int kInterruptedStatus = 130;

/// Wrong usage that the parser cannot know.
struct UsageError : std::runtime_error
{
    using std::runtime_error::runtime_error;
};

/// Ends the program with status 130.
struct Interrupted
{
};

struct Program
{
    Interrupt interrupt;
    bool quiet = false;
    bool verbose = false;
    std::set<std::string> warned; // what was said once
    std::function<int()> chosen; // the subcommand that was asked for

    /// A message on standard error, unless --quiet.
    void note(const std::string& text) const;
    /// The same with --verbose only.
    void detail(const std::string& text) const;
    /// As note, but the same text only once.
    void warn(const std::string& text);
};

/// A subcommand with --quiet and --verbose. `run` gives the exit status.
CLI::App* addCommand(CLI::App& parent, Program& program, const std::string& name,
    const std::string& purpose, const std::string& example, std::function<int()> run);

/// Writes results to standard output at once. Throws std::runtime_error where that is impossible.
void print(std::string_view text);
/// One line; broken UTF-8 becomes U+FFFD.
void printJson(const nlohmann::ordered_json& json);

/// Control characters made visible (a terminal would obey them), line breaks and tabs kept.
std::string escaped(std::string_view text);
/// For people where standard output is a terminal: escaped. As it is otherwise.
std::string forOutput(std::string_view text);
/// Fit for one line on standard error.
std::string oneLine(std::string_view text);

/// How far long work is, on standard error: a bar on a terminal, a line now and then otherwise.
class Progress
{
public:
    Progress(const Program& program, std::string what);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    void show(double done, double total);

private:
    std::string m_what;
    bool m_shown = false;
    bool m_quiet = false;
    bool m_terminal = false;
    std::chrono::steady_clock::time_point m_last;
};

} // namespace gorgon
