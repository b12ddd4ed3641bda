// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands.h"
#include "core/model/available_memory.h"
#include "kernels/accelerators.h"

namespace gorgon {

namespace {

std::string memoryWords(uint64_t bytes)
{
    char words[60];
    std::snprintf(words, sizeof words, "%.1f GB", double(bytes) * 1e-9);
    return words;
}

nlohmann::ordered_json toJson(const Accelerator& device)
{
    nlohmann::ordered_json json{{"name", device.name}, {"usable", device.is_usable}};
    if (!device.description.empty())
        json["description"] = device.description;
    if (!device.id.empty())
        json["id"] = device.id;
    if (device.is_usable) {
        json["free_memory_bytes"] = device.free_bytes;
        json["total_memory_bytes"] = device.total_bytes;
    } else {
        json["reason"] = device.reason;
    }
    return json;
}

std::string toLine(const Accelerator& device)
{
    const std::string what = device.name + ": ";
    const std::string description = device.description.empty() ? "" : device.description + ", ";
    return device.is_usable ? what + description + "free memory " + memoryWords(device.free_bytes)
            + " of " + memoryWords(device.total_bytes) + "\n"
                            : what + description + "not usable, " + device.reason + "\n";
}

int run(bool json)
{
    const std::unique_ptr<Backend> cpu = makeCpuBackend({});
    const std::optional<uint64_t> free_memory = availableMemory();
    const std::vector<Accelerator> devices = listAccelerators();
    if (json) {
        nlohmann::ordered_json memory;
        if (free_memory)
            memory = *free_memory;
        nlohmann::ordered_json all = nlohmann::ordered_json::array();
        all.push_back({{"name", cpu->name()}, {"usable", true}, {"description", cpu->description()},
            {"free_memory_bytes", memory}});
        for (const Accelerator& device : devices)
            all.push_back(toJson(device));
        printJson(all);
        return kDone;
    }
    print(cpu->name() + ": " + cpu->description() + ", free memory "
        + (free_memory ? memoryWords(*free_memory) : "unknown") + "\n");
    for (const Accelerator& device : devices)
        print(toLine(device));
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
