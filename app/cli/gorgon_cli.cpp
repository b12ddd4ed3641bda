// SPDX-License-Identifier: GPL-3.0-or-later
// gorgon-cli: the engine without a window.
#include <charconv>
#include <new>

#include "app/cli/commands.h"

using namespace gorgon;

namespace {

int fail(const std::string& message, int status)
{
    std::fprintf(stderr, "error: %s\n", oneLine(message).c_str());
    return status;
}

/// The parser itself takes nothing for 0, -1 for a large seed and 010 for 8.
std::string numberProblem(const std::string& text, bool whole, bool negative)
{
    double value = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool digits = text.find_first_not_of("-0123456789") == std::string::npos;
    const size_t first = text.starts_with("-") ? 1 : 0;
    const bool padded = digits && text.size() > first + 1 && text[first] == '0';
    if (code == std::errc() && end == text.data() + text.size() && (digits || !whole) && !padded
        && (negative || first == 0))
        return {};
    return std::string("expected ") + (whole ? "a whole number" : "a number") + ", found \"" + text
        + "\"";
}

void checkNumbers(CLI::App& command)
{
    for (CLI::Option* option : command.get_options()) {
        const std::string type = option->get_type_name();
        const bool whole = type.starts_with("INT") || type.starts_with("UINT");
        if (whole || type.starts_with("FLOAT"))
            option->check(
                [whole, negative = !type.starts_with("UINT")](
                    const std::string& text) { return numberProblem(text, whole, negative); },
                "");
    }
    for (CLI::App* each : command.get_subcommands(nullptr))
        checkNumbers(*each);
}

int runProgram(int argc, char** argv)
{
    Program program;
    CLI::App app(
        "Text from a language model with Medusa heads, and what its heads are worth", "gorgon-cli");
    app.set_version_flag("--version", GORGON_VERSION);
    app.require_subcommand(1);
    app.footer("Each subcommand has its own --help.\n"
               "Exit status: 0 done, 1 it failed, 2 wrong usage, 130 interrupted.");
    for (const auto add :
        {addChat, addGenerate, addLogits, addTokenize, addDetokenize, addRender, addTree,
            addInspect, addAccuracy, addPerplexity, addProve, addBench, addConvert, addDevices})
        add(app, program);
    checkNumbers(app);
    try {
        app.parse(argc, argv);
        return program.chosen();
    } catch (const CLI::CallForHelp&) {
        const CLI::App* asked = &app;
        std::string before;
        while (!asked->get_subcommands().empty()) {
            before += (before.empty() ? "" : " ") + asked->get_name();
            asked = asked->get_subcommands().front();
        }
        print(asked->help(before));
        return kDone;
    } catch (const CLI::CallForVersion&) {
        print(GORGON_VERSION "\n");
        return kDone;
    } catch (const CLI::ParseError& error) {
        return fail(error.what(), kWrongUsage);
    } catch (const UsageError& error) {
        return fail(error.what(), kWrongUsage);
    } catch (const Interrupted&) {
        return kInterruptedStatus;
    }
}

} // namespace

int main(int argc, char** argv)
{
    try {
        return runProgram(argc, argv);
    } catch (const std::bad_alloc&) {
        return fail("memory: expected enough for the model and its context, found too little; "
                    "choose a smaller "
                    "model, --context or --weights",
            kFailed);
    } catch (const std::exception& error) {
        return fail(error.what(), kFailed);
    } catch (...) {
        return fail(
            "gorgon-cli: expected to finish, found an error without a name; please report it",
            kFailed);
    }
}
