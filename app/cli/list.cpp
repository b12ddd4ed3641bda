// SPDX-License-Identifier: GPL-3.0-or-later
#include <ctime>

#include "app/cli/commands.h"
#include "core/hub/hub_cache.h"
#include "core/hub/hub_error.h"
#include "core/hub/hub_settings.h"

namespace gorgon {

namespace {

/// "2026-11-22"
std::string dayOf(int64_t seconds)
{
    const auto time = time_t(seconds);
    tm day{};
    char text[40];
    gmtime_r(&time, &day);
    return {text, std::strftime(text, sizeof text, "%Y-%m-%d", &day)};
}

nlohmann::ordered_json toJson(const InstalledModel& model)
{
    nlohmann::ordered_json snapshots = nlohmann::ordered_json::array();
    for (const InstalledSnapshot& snapshot : model.snapshots) {
        nlohmann::ordered_json files = nlohmann::ordered_json::array();
        for (const InstalledFile& file : snapshot.files)
            files.push_back({{"path", file.path}, {"bytes", file.bytes}});
        snapshots.push_back({{"commit", snapshot.commit}, {"revisions", snapshot.revisions},
            {"folder", snapshot.folder.string()}, {"bytes", snapshot.bytes},
            {"freed_bytes", snapshot.freed_bytes}, {"files", files}});
    }
    nlohmann::ordered_json problem, used;
    if (!model.problem.empty())
        problem = model.problem;
    if (model.used_s > 0)
        used = dayOf(model.used_s);
    return {{"repository", model.repository}, {"problem", problem}, {"bytes", model.bytes},
        {"unfinished_bytes", model.partial_bytes}, {"used", used}, {"snapshots", snapshots}};
}

std::string toText(const InstalledModel& model)
{
    std::string text = model.repository + ": " + byteCount(model.bytes);
    if (model.partial_bytes > 0)
        text += ", and " + byteCount(model.partial_bytes) + " of an unfinished download";
    if (model.used_s > 0)
        text += ", last used " + dayOf(model.used_s);
    text += "\n";
    if (!model.problem.empty())
        text += "  not all of it can be read: " + model.problem + "\n";
    for (const InstalledSnapshot& snapshot : model.snapshots) {
        text += "  " + snapshot.commit.substr(0, 12);
        for (const std::string& revision : snapshot.revisions)
            text += " " + revision;
        text += ": " + std::to_string(snapshot.files.size())
            + (snapshot.files.size() == 1 ? " file, " : " files, ") + byteCount(snapshot.bytes)
            + ", " + byteCount(snapshot.freed_bytes) + " of it shared with no other\n    "
            + snapshot.folder.string() + "\n";
    }
    return text;
}

int run(bool json, const Program& program)
{
    const HubCache cache(readHubSettings().cache);
    const std::vector<InstalledModel> models = cache.list();
    if (json) {
        nlohmann::ordered_json all = nlohmann::ordered_json::array();
        for (const InstalledModel& model : models)
            all.push_back(toJson(model));
        printJson(all);
        return kDone;
    }
    for (const InstalledModel& model : models)
        print(forOutput(toText(model)));
    if (models.empty())
        program.note("no model in " + cache.root().string());
    return kDone;
}

} // namespace

void addList(CLI::App& app, Program& program)
{
    const auto json = std::make_shared<bool>(false);
    CLI::App* command
        = addCommand(app, program, "list", "Models and heads in the hub's cache, with their sizes",
            "gorgon-cli list", [json, &program] { return run(*json, program); });
    command->add_flag("--json", *json, "As one JSON value");
}

} // namespace gorgon
