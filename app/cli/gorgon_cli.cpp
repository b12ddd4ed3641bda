// SPDX-License-Identifier: GPL-3.0-or-later
// gorgon-cli: the engine without a window.
#include <new>

#include "app/cli/checked_numbers.h"
#include "app/cli/commands.h"
#include "core/hub/hub_error.h"

using namespace gorgon;

namespace {

int fail(const std::string& message, int status)
{
    std::fprintf(stderr, "error: %s\n", oneLine(message).c_str());
    return status;
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
    for (const auto add : {addChat, addGenerate, addLogits, addTokenize, addDetokenize, addRender,
             addTree, addInspect, addAccuracy, addPerplexity, addProve, addBench, addConvert,
             addDevices, addPull, addList, addVerify, addRemove, addPush})
        add(app, program);
    checkNumbers(app);
    // The parser would only say that a subcommand is missing.
    if (argc > 1 && argv[1][0] != '-'
        && app.get_subcommands([&](const CLI::App* each) { return each->check_name(argv[1]); })
               .empty())
        return fail("unknown subcommand " + std::string(argv[1]) + "; gorgon-cli --help lists them",
            kWrongUsage);
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
        const bool nothing = argc == 1;
        return fail(error.what() + std::string(nothing ? "; gorgon-cli --help lists them" : ""),
            kWrongUsage);
    } catch (const UsageError& error) {
        return fail(error.what(), kWrongUsage);
    } catch (const Interrupted&) {
        return kInterruptedStatus;
    } catch (const HubError& error) {
        if (error.kind() == HubErrorKind::cancelled)
            return kInterruptedStatus;
        throw;
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
