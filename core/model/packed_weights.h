// SPDX-License-Identifier: Apache-2.0
// Checkpoints whose matrices were quantized by others: GPTQ (2, 4 and 8 bits, with and without
// act-order), AWQ (gemm packing) and fp8 (e4m3 with scales per tensor, channel or block). Their
// tensors are replaced by a view that reads as NAME.weight in f32, exactly what the packed numbers
// say; loading then makes of it what it makes of any tensor.
#pragma once

#include <optional>

#include <nlohmann/json_fwd.hpp>

#include "core/model/checkpoint.h"
#include "kernels/tensor.h"

namespace gorgon {

struct PackingConfig
{
    enum class Method : uint8_t
    {
        gptq,
        awq,
        fp8,
    };
    Method method = Method::gptq;
    int bits = 4;
    int64_t group_size = 128; // of inputs; 0: one group
    bool zeros_less_one = true; // gptq stores zero points less 1; its second version does not
    int64_t block_rows = 128; // fp8
    int64_t block_cols = 128;
};

/// What config.json (quantization_config) or quantize_config.json says; nothing where the
/// checkpoint is not packed. Throws std::runtime_error that names a packing which is not read.
std::optional<PackingConfig> readPackingConfig(const std::filesystem::path& folder);
/// The same of files that were read already: config.json, and quantize_config.json or nullptr.
std::optional<PackingConfig> parsePackingConfig(
    const nlohmann::json& config, const nlohmann::json* old, const std::filesystem::path& folder);
/// The format in memory that comes nearest, by width.
DType nearestFormat(const PackingConfig& config);

struct PackedWeights
{
    PackingConfig config;
    const TensorFile* view = nullptr;
    DType nearest = DType::q4; // of the formats in memory, by width
    int n_matrices = 0;
};

/// Replaces the packed tensors of a checkpoint, if there are any. Throws std::runtime_error where
/// they do not fit one another.
std::optional<PackedWeights> unpackWeights(
    Checkpoint& checkpoint, const std::filesystem::path& folder);

} // namespace gorgon
