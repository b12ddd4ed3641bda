// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands.h"
#include "core/model/available_memory.h"
#include "kernels/backend.h"

namespace gorgon {

namespace {

int run(bool json)
{
    const std::unique_ptr<Backend> cpu = makeCpuBackend({});
    const std::optional<uint64_t> free_memory = availableMemory();
    const char* const no_cuda = "this build has no CUDA backend";
    if (json) {
        nlohmann::ordered_json memory;
        if (free_memory)
            memory = *free_memory;
        printJson({{{"name", cpu->name()}, {"usable", true}, {"description", cpu->description()},
                       {"free_memory_bytes", memory}},
            {{"name", "cuda"}, {"usable", false}, {"reason", no_cuda}}});
        return kDone;
    }
    char memory[60] = "unknown";
    if (free_memory)
        std::snprintf(memory, sizeof memory, "%.1f GB", double(*free_memory) * 1e-9);
    print(cpu->name() + ": " + cpu->description() + ", free memory " + memory + "\n");
    print(std::string("cuda: not usable, ") + no_cuda + "\n");
    return kDone;
}

} // namespace

void addDevices(CLI::App& app, Program& program)
{
    const auto json = std::make_shared<bool>(false);
    CLI::App* command = addCommand(app, program, "devices",
        "What can compute here, with free memory, and why something cannot", "gorgon-cli devices",
        [json] { return run(*json); });
    command->add_flag("--json", *json, "As one JSON value");
}

} // namespace gorgon
