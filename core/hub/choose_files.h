// SPDX-License-Identifier: Apache-2.0
// What of a repository is worth fetching: what this program reads, each weight once.
#pragma once

#include <string>
#include <vector>

#include "core/hub/hub_client.h"

namespace gorgon {

/// Of one model; more is no model that this program could run.
constexpr size_t kMaxShards = 1000;
constexpr size_t kMaxTemplates = 64; // beside chat_template.jinja; the first by name

struct ChosenFiles
{
    std::vector<RemoteFile> files; // small ones first, then weights by name
    std::vector<std::string> left_out; // weights in formats not chosen, and whatever else
    bool has_weights = false;
    bool has_heads = false; // Medusa heads in a file of their own
    bool has_pickle = false; // .bin or .pt was all there is
    std::string problem; // a sentence where nothing of it can run here

    uint64_t bytes() const;
    /// Of the files those that tokens, templates and shapes are read from.
    std::vector<std::string> pathsWithoutWeights() const;
};

/// Configuration, tokenizer, templates, tree; weights as safetensors, else as .bin; heads as
/// medusa_lm_head.safetensors, else .pt. Never two formats of the same, never onnx, gguf and the
/// like. Takes time as the files are many.
ChosenFiles chooseFiles(const std::vector<RemoteFile>& files);

} // namespace gorgon
