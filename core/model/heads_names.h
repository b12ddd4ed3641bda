// SPDX-License-Identifier: Apache-2.0
// The names that tensors of Medusa heads have in published files: one grammar, read and written.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gorgon {

enum class HeadsNaming : uint8_t
{
    medusa, // 0.0.linear.weight, 0.0.linear.bias, 0.1.weight
    vllm, // blocks.0.layers.0.weight, blocks.0.layers.0.bias, lm_heads.0.weight
    tensorrt, // 0.medusa_layers.0.linear.weight, 0.medusa_layers.0.linear.bias, 0.lm_head.weight
};

/// What one tensor of heads is.
struct HeadKey
{
    enum class Part : uint8_t
    {
        weight,
        bias,
        vocab,
        one_vocab, // lm_head.weight beside vLLM's blocks: one matrix for all heads
        token_map, // vLLM: the tokens that the rows of a truncated matrix stand for
    };
    HeadsNaming naming = HeadsNaming::medusa;
    Part part = Part::weight;
    int head = 0;
    int block = 0; // of a vocabulary matrix in Medusa's naming: the number of blocks
};

constexpr std::string_view kFullModelPrefix = "medusa_head.";

/// "medusa_head." (full models) or "medusa_heads." (ModelOpt, TensorRT-LLM, old files of vLLM);
/// empty where the name has neither.
std::string_view headPrefix(std::string_view name);

/// Nothing where a name, without its prefix, belongs to no head.
std::optional<HeadKey> parseHeadName(std::string_view name);

std::string headTensorName(const HeadKey& key);

/// "as in the Medusa repository (0.0.linear.weight)".
std::string_view namingText(HeadsNaming naming);

/// True of a name that belongs to Medusa heads in a full-model checkpoint.
bool isHeadTensor(std::string_view name);

} // namespace gorgon
