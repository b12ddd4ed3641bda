// SPDX-License-Identifier: Apache-2.0
#include "core/model/memory_plan.h"

#include <algorithm>
#include <vector>

#include "core/model/file_error.h"
#include "core/model/transformer.h"

namespace gorgon {

namespace {

constexpr int64_t kContextStep = 256;

uint64_t bytesOf(const PlannedMatrix& matrix, DType dtype)
{
    return matrix ? uint64_t(matrix.n_out) * rowBytes(dtype, matrix.n_in) : 0;
}

/// Bytes of the plan's heads, all of them in `dtype` where given.
uint64_t headBytes(const LoadPlan& plan, std::optional<DType> dtype)
{
    uint64_t bytes = 0;
    for (const PlannedHead& head : plan.heads) {
        bytes += bytesOf(head.vocab, dtype.value_or(head.vocab.dtype));
        for (const PlannedMatrix& weight : head.weights)
            bytes += bytesOf(weight, dtype.value_or(weight.dtype));
        for (const PlannedVector& bias : head.biases)
            bytes += uint64_t(bias.size) * sizeof(float);
    }
    return bytes;
}

/// What changes where the base model's matrices take another format.
uint64_t matrixBytes(const LoadPlan& plan, std::optional<DType> dtype)
{
    uint64_t bytes = 0;
    const auto add = [&](const PlannedMatrix& matrix) {
        bytes += bytesOf(matrix, dtype.value_or(matrix.dtype));
    };
    add(plan.embedding);
    add(plan.lm_head);
    for (const PlannedLayer& layer : plan.layers)
        for (const PlannedMatrix* matrix : {&layer.qkv, &layer.output, &layer.gate_up, &layer.down})
            add(*matrix);
    return bytes;
}

std::string listed(const std::vector<std::string>& words)
{
    std::string text;
    for (size_t i = 0; i < words.size(); i++)
        text += (i == 0 ? "" : i + 1 == words.size() ? " or " : ", ") + words[i];
    return text;
}

} // namespace

MemoryNeed memoryNeed(const ModelConfig& config, const LoadPlan& plan, DType cache_dtype,
    int64_t context, std::optional<DType> weights)
{
    const bool heads_follow = weights && plan.head_dtype == plan.dtype;
    const uint64_t vectors = plan.memory_bytes - matrixBytes(plan, {}) - headBytes(plan, {});
    MemoryNeed need;
    need.weights = vectors + matrixBytes(plan, weights)
        + uint64_t(context + kMaxDepth) * uint64_t(config.head_dim) * sizeof(float);
    need.heads = headBytes(plan, heads_follow ? weights : std::nullopt);
    need.cache = uint64_t(context + kMaxNodes)
        * kvBytesPerPosition(cache_dtype, config.n_layers, config.n_kv_heads, config.head_dim);
    need.workspace = workspaceBytes(config, int(plan.heads.size()));
    need.reserve = kDeviceReserve;
    return need;
}

std::string memoryProblem(const ModelConfig& config, const LoadPlan& plan, DType cache_dtype,
    int64_t context, uint64_t free_bytes, const std::string& device)
{
    const auto total = [&](int64_t positions, std::optional<DType> weights = {}) {
        return memoryNeed(config, plan, cache_dtype, positions, weights).total();
    };
    const MemoryNeed need = memoryNeed(config, plan, cache_dtype, context);
    if (need.total() <= free_bytes)
        return {};
    std::vector<std::string> fits;
    for (const DType narrower : {DType::q8, DType::q4}) {
        const uint64_t bytes = total(context, narrower);
        if (bytes < need.total() && bytes <= free_bytes)
            fits.push_back(
                std::string("weights in ") + dtypeName(narrower) + " (" + bytesText(bytes) + ")");
    }
    // The longest context that fits, by halves.
    int64_t low = 0, high = (context - 1) / kContextStep;
    while (low < high) {
        const int64_t middle = (low + high + 1) / 2;
        if (total(middle * kContextStep) <= free_bytes)
            low = middle;
        else
            high = middle - 1;
    }
    if (low > 0)
        fits.push_back("a context of " + std::to_string(low * kContextStep) + " positions ("
            + bytesText(total(low * kContextStep)) + ")");
    return "the model needs " + bytesText(need.total()) + " on " + device + " ("
        + bytesText(need.weights) + " of weights, "
        + (need.heads > 0 ? bytesText(need.heads) + " of heads, " : "") + bytesText(need.cache)
        + " for one conversation of " + std::to_string(context) + " positions, "
        + bytesText(need.workspace + need.reserve) + " to work with), " + bytesText(free_bytes)
        + " are free, " + bytesText(need.total() - free_bytes) + " too few; "
        + (fits.empty() ? "choose a smaller model or the CPU" : "it fits with " + listed(fits));
}

} // namespace gorgon
