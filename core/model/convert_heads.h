// SPDX-License-Identifier: Apache-2.0
// Medusa heads from one published format to another. Every weight keeps its type and its bits.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/model/model.h"

namespace gorgon {

enum class HeadsFormat : uint8_t
{
    v1, // medusa_lm_head.safetensors; every head has its vocabulary matrix
    v2, // the same without matrices: the base's is used
    full, // base and heads in one checkpoint
    vllm, // model.safetensors and config.json as vLLM reads them
    safetensors, // what they are, as safetensors
};

/// Nothing where the name is none of v1, v2, full, vllm, safetensors.
std::optional<HeadsFormat> headsFormat(const std::string& name);

struct ConvertHeadsOptions
{
    std::filesystem::path heads; // file or folder
    std::filesystem::path out; // folder; for v1, v2 and safetensors also a file *.safetensors
    HeadsFormat to = HeadsFormat::safetensors;
    std::optional<std::filesystem::path> base; // folder of the model that the heads belong to
    bool replace = false;
    uint64_t shard_bytes = 5'000'000'000; // of a full model's files
};

struct ConvertedHeads
{
    std::filesystem::path out;
    std::string format; // "v1", "v2", "full", "vllm"
    int n_heads = 0;
    uint64_t n_bytes = 0; // of tensors
    std::vector<std::string> files;
    std::vector<std::string> notes; // what a reader should know, one sentence each
};

/// Throws std::runtime_error where the heads are broken or the format cannot hold them, and
/// LoadCancelled; nothing is left behind then.
ConvertedHeads convertHeads(const ConvertHeadsOptions& options,
    const LoadCallback& on_progress = {}, const std::stop_token& stop = {});

} // namespace gorgon
