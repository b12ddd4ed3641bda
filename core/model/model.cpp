// SPDX-License-Identifier: Apache-2.0
#include "core/model/model.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <new>
#include <stdexcept>
#include <utility>

#include "core/model/available_memory.h"
#include "core/model/base_vocab.h"
#include "core/model/file_error.h"
#include "core/model/memory_plan.h"
#include "core/model/model_finish.h"
#include "core/model/packed_weights.h"
#include "core/model/weight_loader.h"

namespace gorgon {

namespace {

int64_t chooseContext(const ModelConfig& config, const LoadOptions& options)
{
    const int64_t supported = supportedContext(config);
    if (options.context == 0)
        return defaultContext(config);
    if (options.context < 0 || options.context > supported)
        failFile(options.model,
            "a context of 1 to " + std::to_string(supported) + " positions was expected, "
                + std::to_string(options.context) + " was asked for");
    return options.context;
}

[[noreturn]] void failForMemory(const std::filesystem::path& path, const std::string& sentence)
{
    throw DoesNotFit(shown(path.string(), 4096) + ": " + sentence);
}

void checkMemory(const Model& model, const LoadPlan& plan)
{
    if (const std::optional<uint64_t> free_bytes = model.backend->freeMemory()) {
        const std::string problem = memoryProblem(
            *model.backend, model.config, plan, model.cache_dtype, model.context, *free_bytes);
        if (!problem.empty())
            failForMemory(model.path, problem);
        return;
    }
    const std::optional<uint64_t> available = availableMemory();
    // Keys and values of one conversation, without which the weights are of no use.
    const uint64_t kv_bytes = kvCacheBytes(model);
    const uint64_t rope_bytes
        = uint64_t(model.context + kMaxDepth) * uint64_t(model.config.head_dim) * sizeof(float);
    const uint64_t weight_bytes = plan.memory_bytes + rope_bytes;
    if (available && weight_bytes + kv_bytes > *available)
        failForMemory(model.path,
            "the model needs " + bytesText(weight_bytes + kv_bytes) + " of memory ("
                + bytesText(weight_bytes) + " of weights, " + bytesText(kv_bytes)
                + " for one conversation of " + std::to_string(model.context) + " positions), "
                + bytesText(*available)
                + " are free; choose a narrower weight format or a shorter context");
}

void loadBase(Model& model, const LoadPlan& plan, WeightLoader& loader)
{
    loader.begin("model.embed_tokens");
    model.embedding = loader.matrix(plan.embedding);
    for (size_t i = 0; i < plan.layers.size(); ++i) {
        loader.begin("model.layers." + std::to_string(i));
        const PlannedLayer& from = plan.layers[i];
        LayerWeights& to = model.layers.emplace_back();
        to.attention_norm = loader.vector(from.attention_norm);
        to.qkv = loader.matrix(from.qkv);
        to.qkv_bias = loader.vector(from.qkv_bias);
        to.q_norm = loader.vector(from.q_norm);
        to.k_norm = loader.vector(from.k_norm);
        to.output = loader.matrix(from.output);
        to.output_bias = loader.vector(from.output_bias);
        to.mlp_norm = loader.vector(from.mlp_norm);
        to.gate_up = loader.matrix(from.gate_up);
        to.gate_up_bias = loader.vector(from.gate_up_bias);
        to.down = loader.matrix(from.down);
        to.down_bias = loader.vector(from.down_bias);
    }
    loader.begin("model.norm");
    model.final_norm = loader.vector(plan.final_norm);
    if (plan.lm_head) {
        loader.begin("lm_head");
        model.lm_head = loader.matrix(plan.lm_head);
    }
}

void loadHeads(Model& model, const LoadPlan& plan, WeightLoader& loader)
{
    for (size_t i = 0; i < plan.heads.size(); ++i) {
        loader.begin("medusa_head." + std::to_string(i));
        MedusaHead& head = model.heads.emplace_back();
        for (size_t j = 0; j < plan.heads[i].weights.size(); ++j) {
            MedusaHead::Block& block = head.blocks.emplace_back();
            block.weight = loader.matrix(plan.heads[i].weights[j]);
            block.bias = loader.vector(plan.heads[i].biases[j]);
        }
        head.vocab = loader.matrix(plan.heads[i].vocab);
    }
}

CacheUse finishCache(WeightsCache& cache)
{
    cache.finish();
    return {cache.file(), cache.file().empty() ? 0 : cache.bytes(), cache.isReading()};
}

void loadWeights(Model& model, const LoadPlan& plan, const LoadOptions& options,
    const Checkpoint& checkpoint, const StoredHeads* heads, WeightLoader loader)
{
    const std::filesystem::path& folder = options.weights_cache;
    // What keeps one cache from being written keeps the other one, too.
    const auto note_once = [told = false, &options](const std::string& note) mutable {
        if (!std::exchange(told, true) && options.on_note)
            options.on_note(note);
    };
    const std::function<void(const std::string&)> on_note = note_once;
    WeightsCache cache(folder, checkpoint, model.checkpoint_hash, plan.dtype, *model.backend,
        [&](const std::string& note) { on_note(note); });
    loader.useCache(&cache);
    loadBase(model, plan, loader);
    model.cache = finishCache(cache);
    if (!heads)
        return;
    WeightsCache heads_cache(folder, *heads->checkpoint, model.heads_hash + "-heads",
        plan.head_dtype, *model.backend, [&](const std::string& note) { on_note(note); });
    loader.useCache(&heads_cache);
    loadHeads(model, plan, loader);
    model.heads_cache = finishCache(heads_cache);
}

/// As loadWeights; once more where a cache turns out unusable, which it does before it is believed.
void loadWeightsSafely(Model& model, const LoadPlan& plan, LoadOptions options,
    const Checkpoint& checkpoint, const StoredHeads* heads, const WeightLoader& loader)
{
    for (int attempt = 0;; ++attempt) {
        try {
            loadWeights(model, plan, options, checkpoint, heads, loader);
            return;
        } catch (const WeightsCacheUnusable& problem) {
            if (options.on_note)
                options.on_note(problem.why);
        }
        model.embedding = {};
        model.lm_head = {};
        model.final_norm = {};
        model.layers.clear();
        model.heads.clear();
        if (attempt > 0) // somebody spoils the file again and again
            options.weights_cache.clear();
    }
}

struct OpenedFiles
{
    std::shared_ptr<const Checkpoint> checkpoint;
    std::optional<PackedWeights> packed;
    std::optional<StoredHeads> heads;
    LoadPlan plan;
    uint64_t head_file_bytes = 0; // of the plan's
    uint64_t head_memory_bytes = 0;
};

OpenedFiles openFiles(const ModelConfig& config, const LoadOptions& options)
{
    OpenedFiles files;
    const auto opened = std::make_shared<Checkpoint>(Checkpoint::openFolder(options.model));
    files.packed = unpackWeights(*opened, options.model);
    files.checkpoint = opened;
    LoadPlan& plan = files.plan = planModel(config, *opened, options.weights);
    if (files.packed && !options.weights)
        holdAs(plan, files.packed->view, files.packed->nearest); // they keep about their width
    plan.head_dtype = options.head_weights.value_or(plan.dtype);
    std::optional<StoredHeads>& heads = files.heads;
    if (!options.no_heads)
        heads = options.heads ? openHeads(*options.heads)
                              : findHeads(options.model, files.checkpoint);
    if (heads) {
        dropBaseVocab(*heads, storedVocab(plan));
        if (const std::string mismatch = headsMismatch(*heads, config); !mismatch.empty())
            failFile(heads->path, "the heads do not fit the model: " + mismatch);
        const LoadPlan base = plan;
        planHeads(plan, *heads, options.head_weights);
        files.head_file_bytes = plan.file_bytes - base.file_bytes;
        files.head_memory_bytes = plan.memory_bytes - base.memory_bytes;
    }
    return files;
}

uint64_t headBytes(const std::vector<MedusaHead>& heads)
{
    uint64_t bytes = 0;
    for (const MedusaHead& head : heads) {
        bytes += head.vocab.data.bytes();
        for (const MedusaHead::Block& block : head.blocks)
            bytes += block.weight.data.bytes() + block.bias.bytes();
    }
    return bytes;
}

/// Those in use stay until the others are there.
void checkHeadsMemory(Backend& backend, const OpenedFiles& files)
{
    const std::optional<uint64_t> of_device = backend.freeMemory();
    const std::optional<uint64_t> free_bytes = of_device ? of_device : availableMemory();
    if (free_bytes && files.head_memory_bytes > *free_bytes)
        failFile(files.heads->path,
            "the heads need " + bytesText(files.head_memory_bytes) + " of memory beside those in "
                + "use, " + bytesText(*free_bytes)
                + " are free; choose none first, then these, or a narrower weight format");
}

/// As loadWeightsSafely, of heads alone.
void loadHeadsSafely(Model& model, const OpenedFiles& files, LoadOptions options,
    const LoadCallback& on_progress, const std::stop_token& stop)
{
    for (int attempt = 0;; ++attempt) {
        try {
            WeightLoader loader(*model.backend, files.head_file_bytes, on_progress, stop);
            WeightsCache cache(options.weights_cache, *files.heads->checkpoint,
                model.heads_hash + "-heads", files.plan.head_dtype, *model.backend,
                [&](const std::string& note) { options.on_note ? options.on_note(note) : void(); });
            loader.useCache(&cache);
            loadHeads(model, files.plan, loader);
            model.heads_cache = finishCache(cache);
            return;
        } catch (const WeightsCacheUnusable& problem) {
            if (options.on_note)
                options.on_note(problem.why);
        }
        model.heads.clear();
        if (attempt > 0) // somebody spoils the file again and again
            options.weights_cache.clear();
    }
}

} // namespace

DType defaultCacheType(DType weights, const ModelConfig& config)
{
    constexpr int kNarrow = 512;
    return weights == DType::f32 || config.dim < kNarrow ? DType::f32 : DType::f16;
}

DType cacheType(
    const Backend& backend, std::optional<DType> asked, DType weights, const ModelConfig& config)
{
    if (asked && !backend.holdsCache(*asked))
        throw std::runtime_error(std::string("keys and values in ") + dtypeName(*asked)
            + ": expected a format that " + backend.name()
            + " keeps; take f16, bf16 or q8, or let it choose");
    const DType usual = asked.value_or(defaultCacheType(weights, config));
    return backend.holdsCache(usual) ? usual : DType::f16;
}

void finishModel(Model& model)
{
    // Angles as the published code has them: position times frequency, one rounding, then cos and
    // sin.
    const std::vector<float> frequencies = ropeFrequencies(model.config, model.context);
    const float sharpness = float(model.config.rope.attention_factor);
    const int64_t n_positions = model.context + kMaxDepth;
    const size_t half = frequencies.size();
    const size_t n = size_t(n_positions) * half;
    model.rope_data = model.backend->allocate(2 * n * sizeof(float));
    float* const cosines = model.rope_data.as<float>();
    float* const sines = cosines + n;
    constexpr int64_t kBlock = 1024; // positions
    std::vector<float> block_cos(size_t(std::min(kBlock, n_positions)) * half);
    std::vector<float> block_sin(block_cos.size());
    for (int64_t first = 0; first < n_positions; first += kBlock) {
        const size_t n_rows = size_t(std::min(kBlock, n_positions - first));
        for (size_t k = 0; k < n_rows * half; ++k) {
            const float angle = float(first + int64_t(k / half)) * frequencies[k % half];
            block_cos[k] = std::cos(angle) * sharpness;
            block_sin[k] = std::sin(angle) * sharpness;
        }
        const size_t offset = size_t(first) * half;
        model.backend->upload(cosines + offset, block_cos.data(), n_rows * half * sizeof(float));
        model.backend->upload(sines + offset, block_sin.data(), n_rows * half * sizeof(float));
    }
    model.rope.cos = Tensor{cosines, n_positions, int64_t(half)};
    model.rope.sin = Tensor{sines, n_positions, int64_t(half)};

    model.weight_bytes = model.vocabMatrix().data.bytes() + model.final_norm.bytes();
    for (const LayerWeights& layer : model.layers) {
        for (const Matrix* matrix : {&layer.qkv, &layer.output, &layer.gate_up, &layer.down})
            model.weight_bytes += matrix->data.bytes();
        for (const Buffer* vector :
            {&layer.attention_norm, &layer.qkv_bias, &layer.q_norm, &layer.k_norm,
                &layer.output_bias, &layer.mlp_norm, &layer.gate_up_bias, &layer.down_bias})
            model.weight_bytes += vector->bytes();
    }
    model.head_bytes = headBytes(model.heads);
    model.report = describeModel(model);
}

std::shared_ptr<const Model> loadModel(std::shared_ptr<Backend> backend, const LoadOptions& options,
    const LoadCallback& on_progress, std::stop_token stop)
{
    auto model = std::make_shared<Model>();
    model->config = readModelConfig(options.model);
    model->context = chooseContext(model->config, options);
    model->path = options.model;
    model->backend = std::move(backend);

    const OpenedFiles files = openFiles(model->config, options);
    const LoadPlan& plan = files.plan;
    const Checkpoint* const checkpoint = files.checkpoint.get();
    const std::optional<StoredHeads>& heads = files.heads;
    const std::optional<PackedWeights>& packed = files.packed;
    if (heads)
        model->heads_path = heads->path;
    model->checkpoint_hash = checkpointHash(*checkpoint);
    if (heads)
        model->heads_hash = checkpointHash(*heads->checkpoint);
    model->dtype = plan.dtype;
    model->head_dtype = plan.head_dtype;
    model->cache_dtype = cacheType(*model->backend, options.cache_dtype, plan.dtype, model->config);

    try {
        checkMemory(*model, plan);
        const WeightLoader loader(*model->backend, plan.file_bytes, on_progress, std::move(stop));
        loadWeightsSafely(*model, plan, options, *checkpoint, heads ? &*heads : nullptr, loader);
        finishModel(*model);
        describeFiles(model->report, *model, plan, *checkpoint, heads ? &*heads : nullptr);
    } catch (const std::bad_alloc&) {
        failForMemory(options.model,
            "the model needs " + bytesText(plan.memory_bytes) + " of memory on "
                + model->backend->name()
                + ", which are not to be had; choose a narrower weight format");
    }
    if (packed && !options.weights && options.on_note)
        options.on_note(options.model.string() + ": its packed weights are rounded once more, to "
            + dtypeName(packed->nearest)
            + (packed->nearest == DType::q4 ? "; q8 is nearer and takes twice the memory"
                                            : "; bf16 is nearer and takes twice the memory"));
    return model;
}

void swapHeads(const std::shared_ptr<const Model>& model, const LoadOptions& options,
    const LoadCallback& on_progress, std::stop_token stop)
{
    assert(model.use_count() == 1);
    const OpenedFiles files = openFiles(model->config, options);
    if (checkpointHash(*files.checkpoint) != model->checkpoint_hash)
        failFile(options.model, "its files are not those that were loaded; open the model again");
    Model fresh; // the heads alone
    fresh.backend = model->backend;
    fresh.head_dtype = files.plan.head_dtype;
    if (files.heads) {
        fresh.heads_path = files.heads->path;
        fresh.heads_hash = checkpointHash(*files.heads->checkpoint);
        checkHeadsMemory(*fresh.backend, files);
        try {
            loadHeadsSafely(fresh, files, options, on_progress, stop);
        } catch (const std::bad_alloc&) {
            failFile(fresh.heads_path,
                "the heads need " + bytesText(files.head_file_bytes) + " of memory on "
                    + model->backend->name()
                    + ", which are not to be had; choose a narrower weight format");
        }
    }
    // Models are made as such that may change (loadModel); nobody else looks at this one.
    Model& whole = const_cast<Model&>(*model);
    whole.heads = std::move(fresh.heads);
    whole.head_dtype = fresh.head_dtype;
    whole.heads_path = fresh.heads_path;
    whole.heads_hash = fresh.heads_hash;
    whole.heads_cache = fresh.heads_cache;
    whole.head_bytes = headBytes(whole.heads);
    whole.report = describeModel(whole);
    describeFiles(
        whole.report, whole, files.plan, *files.checkpoint, files.heads ? &*files.heads : nullptr);
}

} // namespace gorgon
