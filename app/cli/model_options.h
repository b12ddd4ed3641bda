// SPDX-License-Identifier: GPL-3.0-or-later
// The options that say which model computes where.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "app/cli/program.h"
#include "core/decode/engine.h"
#include "core/model/model.h"
#include "core/text/tokenizer.h"

namespace gorgon {

struct ModelOptions
{
    std::string model; // empty: the demo model
    std::string heads; // empty: those found with the model
    std::string device = "auto";
    int threads = 0;
    std::string weights = "native";
    std::string head_weights; // empty: as the base
    std::string cache_type = "auto";
    int64_t context = 0;
    std::optional<uint64_t> seed;
    bool yes = false; // fetch what is not here
    bool random_weights = false;
    std::string random_heads = "v2";
};

/// For what needs no weights: --model acts, the other common options are accepted.
void addModelFolder(CLI::App& command, ModelOptions& options);
void addModelOptions(CLI::App& command, ModelOptions& options);
/// For what needs no model: all common options are accepted, none acts.
void addIdleModelOptions(CLI::App& command, ModelOptions& options);

/// The folder that --model names: a path, or a model of the hub, which is fetched after asking.
/// Throws std::runtime_error where there is none.
std::filesystem::path modelFolder(
    const ModelOptions& options, const Program& program, bool needs_weights = false);

/// Loads with progress on standard error. Throws Interrupted.
std::shared_ptr<const Model> openModel(const ModelOptions& options, Program& program);
/// Heads of a model with random weights: "v2" share the vocabulary matrix, "v1" have one each.
void addRandomOptions(CLI::App& command, ModelOptions& options);
/// A model with random weights (bf16 unless --weights says otherwise) and 4 heads, in the shape of
/// the folder's config.json.
std::shared_ptr<const Model> makeRandomModel(const ModelOptions& options, Program& program);

/// Says once what slows the backend down, where something came up while it computed.
void warnLimitation(Backend& backend, Program& program);

/// nullptr, said on standard error where a file is there but unsound, if none is `required`.
std::shared_ptr<const Tokenizer> openTokenizer(
    const std::filesystem::path& folder, bool required, const Program& program);

} // namespace gorgon
