// SPDX-License-Identifier: Apache-2.0
// Medusa heads as they are stored: found, counted from their tensors and checked against one
// another.
#pragma once

#include <memory>
#include <optional>

#include "core/model/checkpoint.h"
#include "core/model/model_config.h"

namespace gorgon {

struct StoredHead
{
    struct Block
    {
        StoredTensor weight; // (width, width)
        StoredTensor bias; // (width), or empty
    };
    std::vector<Block> blocks;
    StoredTensor vocab; // (vocab, width), or empty: the base model's matrix is used
};

struct StoredHeads
{
    std::filesystem::path path; // the file, or the folder of a checkpoint that holds base and heads
    std::shared_ptr<const Checkpoint> checkpoint; // keeps the files open
    bool in_full_model = false; // tensors "medusa_head.*" beside those of a base model
    std::vector<StoredHead> heads;
    int n_blocks = 0; // of each head
    bool own_vocab = false;
    int64_t width = 0; // hidden size
    int64_t vocab_rows = 0; // 0 without own matrix

    // What config.json beside the file says; never trusted.
    std::optional<int64_t> stated_heads; // medusa_num_heads
    std::optional<int64_t> stated_blocks; // medusa_num_layers
    std::string stated_base; // base_model_name_or_path
};

/// Heads in a file, or in a folder (medusa_lm_head.safetensors, medusa_lm_head.pt, or a checkpoint
/// with medusa_head.* tensors). Throws std::runtime_error where there are none or they are broken.
StoredHeads openHeads(const std::filesystem::path& path);

/// Heads that lie with a model: files as above, medusa_head.* tensors of `checkpoint`, a folder
/// heads/.
std::optional<StoredHeads> findHeads(
    const std::filesystem::path& folder, std::shared_ptr<const Checkpoint> checkpoint);

/// "heads are 8 wide, the base model 16"; empty where they fit by shape.
std::string headsMismatch(const StoredHeads& heads, const ModelConfig& base);

/// True of a name that belongs to Medusa heads in a full-model checkpoint.
bool isHeadTensor(const std::string& name);

} // namespace gorgon
