// SPDX-License-Identifier: Apache-2.0
// A base model and heads as far as the hub's facts describe them, in the types that loading plans
// with.
#pragma once

#include <optional>

#include "core/hub/model_facts.h"
#include "core/model/heads_file.h"
#include "core/model/model_config.h"
#include "kernels/tensor.h"

namespace gorgon {

struct RemoteBase
{
    ModelConfig config;
    std::shared_ptr<const Checkpoint> checkpoint; // described
    const TensorFile* packed = nullptr; // the part of it that is stored packed
    DType packed_dtype = DType::q4; // what those matrices become in memory
};

/// Throws std::runtime_error, one sentence, where the facts tell too little or of a model that
/// cannot be run.
RemoteBase readRemoteBase(const ModelFacts& facts);

struct RemoteHeads
{
    HeadsStatement stated;
    std::optional<StoredHeads> heads; // described; nothing where only their size is known
    uint64_t file_bytes = 0; // of a pickle
    bool in_full_model = false;
};

/// Throws std::runtime_error, one sentence, where there are no heads or they cannot be used.
RemoteHeads readRemoteHeads(const ModelFacts& facts);

/// Heads for this base that make up a pickle of that size; nothing where none do.
std::optional<StoredHeads> headsOfSize(
    uint64_t file_bytes, const ModelConfig& base, const HeadsStatement& stated);

} // namespace gorgon
