// SPDX-License-Identifier: Apache-2.0
// Which stored tensors become which matrices: everything is checked here, before anything is
// allocated.
#pragma once

#include "core/model/heads_file.h"
#include "core/model/model.h"

namespace gorgon {

/// Stored matrices of n_in columns, one below the other; of the last, only as many rows as n_out
/// says.
struct PlannedMatrix
{
    std::vector<StoredTensor> parts;
    int64_t n_out = 0;
    int64_t n_in = 0;
    DType dtype = DType::f32; // in memory

    explicit operator bool() const { return !parts.empty(); }
};

/// Stored vectors, one behind the other; f32 in memory.
struct PlannedVector
{
    std::vector<StoredTensor> parts;
    int64_t size = 0;
};

struct PlannedLayer
{
    PlannedVector attention_norm, qkv_bias, q_norm, k_norm, output_bias, mlp_norm, gate_up_bias,
        down_bias;
    PlannedMatrix qkv, output, gate_up, down;
};

struct PlannedHead
{
    std::vector<PlannedMatrix> weights; // one per block
    std::vector<PlannedVector> biases; // empty where the block has none
    PlannedMatrix vocab;
};

struct LoadPlan
{
    PlannedMatrix embedding, lm_head;
    PlannedVector final_norm;
    std::vector<PlannedLayer> layers;
    std::vector<PlannedHead> heads;
    DType dtype = DType::f32; // of the layers
    DType head_dtype = DType::f32;
    uint64_t file_bytes = 0; // to be read
    uint64_t memory_bytes = 0; // of the weights once loaded, padding not counted
};

/// dtype: nothing means as stored. Throws std::runtime_error where a tensor is missing or
/// misshapen.
LoadPlan planModel(
    const ModelConfig& config, const Checkpoint& checkpoint, std::optional<DType> dtype);

/// Adds the heads; nothing means as the layers.
void planHeads(LoadPlan& plan, const StoredHeads& heads, std::optional<DType> dtype);

/// Matrices that are read from `view` alone take this format in memory.
void holdAs(LoadPlan& plan, const TensorFile* view, DType dtype);

/// Names of stored tensors that the plan of a base model has no use for; heads and the constants
/// that old files carry left out.
std::vector<std::string> unusedTensors(const LoadPlan& plan, const Checkpoint& checkpoint);

} // namespace gorgon
