// SPDX-License-Identifier: Apache-2.0
#include "core/model/memory_plan.h"

#include <algorithm>
#include <vector>

#include "core/model/file_error.h"
#include "core/model/transformer.h"

namespace gorgon {

namespace {

constexpr int64_t kContextStep = 256;

void addTo(
    std::vector<MatrixShape>& shapes, const PlannedMatrix& matrix, std::optional<DType> dtype)
{
    if (matrix)
        shapes.push_back({dtype.value_or(matrix.dtype), matrix.n_out, matrix.n_in});
}

/// The base model's, all of them in `dtype` where given.
std::vector<MatrixShape> baseMatrices(const LoadPlan& plan, std::optional<DType> dtype)
{
    std::vector<MatrixShape> shapes;
    addTo(shapes, plan.embedding, dtype);
    addTo(shapes, plan.lm_head, dtype);
    for (const PlannedLayer& layer : plan.layers)
        for (const PlannedMatrix* matrix : {&layer.qkv, &layer.output, &layer.gate_up, &layer.down})
            addTo(shapes, *matrix, dtype);
    return shapes;
}

std::vector<MatrixShape> headMatrices(const LoadPlan& plan, std::optional<DType> dtype)
{
    std::vector<MatrixShape> shapes;
    for (const PlannedHead& head : plan.heads) {
        addTo(shapes, head.vocab, dtype);
        for (const PlannedMatrix& weight : head.weights)
            addTo(shapes, weight, dtype);
    }
    return shapes;
}

uint64_t biasBytes(const LoadPlan& plan)
{
    uint64_t bytes = 0;
    for (const PlannedHead& head : plan.heads)
        for (const PlannedVector& bias : head.biases)
            bytes += uint64_t(bias.size) * sizeof(float);
    return bytes;
}

/// As the plan counts them: without what a backend adds.
uint64_t formatBytes(const std::vector<MatrixShape>& shapes)
{
    uint64_t bytes = 0;
    for (const MatrixShape& shape : shapes)
        bytes += uint64_t(shape.n_out) * rowBytes(shape.dtype, shape.n_in);
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

MemoryNeed memoryNeed(Backend& backend, const ModelConfig& config, const LoadPlan& plan,
    DType cache_dtype, int64_t context, std::optional<DType> weights)
{
    const std::optional<DType> head_weights
        = plan.head_dtype == plan.dtype ? weights : std::nullopt;
    std::vector<MatrixShape> shapes = baseMatrices(plan, weights);
    const std::vector<MatrixShape> of_heads = headMatrices(plan, head_weights);
    MemoryNeed need;
    need.weights = plan.memory_bytes - formatBytes(baseMatrices(plan, {}))
        - formatBytes(headMatrices(plan, {})) - biasBytes(plan)
        + uint64_t(context + kMaxDepth) * uint64_t(config.head_dim) * sizeof(float);
    for (const MatrixShape& shape : shapes)
        need.weights += backend.matrixBytes(shape);
    need.heads = biasBytes(plan);
    for (const MatrixShape& shape : of_heads)
        need.heads += backend.matrixBytes(shape);
    const KvCache cache = shapedCache(
        cache_dtype, config.n_layers, config.n_kv_heads, config.head_dim, context + kMaxNodes);
    need.cache = backend.cacheBytes(cache);
    need.workspace = workspaceBytes(config, int(plan.heads.size()), prefillRows(config, backend));
    need.logits = uint64_t(kMaxNodes) * uint64_t(config.vocab_size) * sizeof(float);
    shapes.insert(shapes.end(), of_heads.begin(), of_heads.end());
    need.scratch = backend.scratchBytes(shapes, cache, config.n_heads);
    need.reserve = kDeviceReserve;
    return need;
}

std::string memoryProblem(Backend& backend, const ModelConfig& config, const LoadPlan& plan,
    DType cache_dtype, int64_t context, uint64_t free_bytes)
{
    const auto total = [&](int64_t positions, std::optional<DType> weights = {}) {
        return memoryNeed(backend, config, plan, cache_dtype, positions, weights).total();
    };
    const MemoryNeed need = memoryNeed(backend, config, plan, cache_dtype, context);
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
    return "the model needs " + bytesText(need.total()) + " on " + backend.name() + " ("
        + bytesText(need.weights) + " of weights, "
        + (need.heads > 0 ? bytesText(need.heads) + " of heads, " : "") + bytesText(need.cache)
        + " for one conversation of " + std::to_string(context) + " positions, "
        + bytesText(need.toWorkWith()) + " to work with), " + bytesText(free_bytes) + " are free, "
        + bytesText(need.total() - free_bytes) + " too few; "
        + (fits.empty() ? "choose a smaller model or the CPU" : "it fits with " + listed(fits));
}

} // namespace gorgon
