// SPDX-License-Identifier: GPL-3.0-or-later
// The hub as the subcommands use it: settings of the environment, downloads with a bar, and names
// of models in place of paths.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "app/cli/program.h"
#include "core/hub/download.h"
#include "core/hub/http.h"
#include "core/hub/hub_cache.h"
#include "core/hub/hub_names.h"

namespace gorgon {

/// With --verbose each request is told on standard error. bytes_per_second: 0 for no limit.
std::shared_ptr<const HttpContext> openHub(const Program& program, uint64_t bytes_per_second = 0);

/// The repository that an argument names, with its revision ("main" where it names none). Throws
/// UsageError.
HubAddress hubAddress(const std::string& text);

/// Waits with a bar. Throws Interrupted, and HubError where it failed; what came stays.
DownloadProgress download(
    const DownloadRequest& request, const Program& program, uint64_t bytes_per_second = 0);

/// The same where the cache has all of it, as it was at its last download; nullopt otherwise. Asks
/// nobody.
std::optional<DownloadProgress> downloaded(const DownloadRequest& request, const HubCache& cache);

/// True where somebody is there and says yes. `question`: "Download it?" Throws Interrupted.
bool askYes(const std::string& question, const Program& program);

/// What `option` names: a path that is there; else a repository, taken from the cache, or fetched
/// after asking. nullopt where it can be no repository. Throws std::runtime_error where it may not
/// be fetched.
struct NamedModel
{
    std::string name;
    std::string option; // for messages
    bool yes = false; // fetch without asking
    /// A snapshot without them is fetched to the end; where they are not needed, they are not
    /// fetched either.
    bool needs_weights = false;
};
std::optional<std::filesystem::path> modelOnDisk(const NamedModel& model, const Program& program);

} // namespace gorgon
