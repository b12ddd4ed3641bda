// SPDX-License-Identifier: Apache-2.0
// What of a repository is worth fetching: what this program reads, each weight once.
#pragma once

#include <string>
#include <vector>

#include "core/hub/hub_client.h"

namespace gorgon {

struct ChosenFiles
{
    std::vector<RemoteFile> files; // small ones first, then weights by name
    std::vector<std::string> left_out; // weights in formats not chosen, and whatever else
    bool has_weights = false;
    bool has_heads = false; // Medusa heads in a file of their own
    bool has_pickle = false; // .bin or .pt was all there is
    std::string problem; // a sentence where nothing of it can run here

    uint64_t bytes() const;
};

/// Configuration, tokenizer, templates, tree; weights as safetensors, else as .bin; heads as
/// medusa_lm_head.safetensors, else .pt. Never two formats of the same, never onnx, gguf and the
/// like.
ChosenFiles chooseFiles(const std::vector<RemoteFile>& files);

} // namespace gorgon
