// SPDX-License-Identifier: Apache-2.0
// What each format of heads consists of: its tensors and its config.json.
#pragma once

#include <nlohmann/json.hpp>

#include "core/model/convert_heads.h"
#include "core/model/heads_file.h"
#include "core/model/safetensors_writer.h"

namespace gorgon {

/// The model that heads belong to, as far as converting needs it.
struct HeadsBase
{
    std::filesystem::path folder;
    ModelConfig config;
    std::shared_ptr<const Checkpoint> checkpoint; // as it lies on the disk
    std::shared_ptr<const Checkpoint> unpacked;
    StoredTensor vocab; // empty where it is packed or padded
};

struct HeadsOutput
{
    std::vector<OutputTensor> tensors; // of the heads
    bool one_vocab = false; // vLLM's original_lm_head
    bool has_bias = false;
    std::vector<std::string> notes;
};

/// `base`: nullptr where none is known. Throws std::runtime_error where the format cannot hold the
/// heads.
HeadsOutput outputHeads(
    const StoredHeads& heads, HeadsFormat to, const HeadsBase* base, const std::stop_token& stop);

nlohmann::json outputConfig(
    const StoredHeads& heads, HeadsFormat to, const HeadsBase* base, const HeadsOutput& output);

} // namespace gorgon
