// SPDX-License-Identifier: Apache-2.0
#include "core/model/transformer.h"

#include <algorithm>
#include <array>
#include <cassert>

namespace gorgon {

namespace {

constexpr size_t kAlign = 64;
constexpr uint64_t kMostWorkspace = uint64_t(256) << 20; // for the sake of long chunks

size_t aligned(size_t bytes)
{
    return (bytes + kAlign - 1) / kAlign * kAlign;
}

/// Rows and columns, in the order in which a Workspace names its tensors.
std::array<Tensor, 8> workspaceShapes(const ModelConfig& c, int n_medusa_heads, int rows)
{
    const int64_t q = int64_t(c.n_heads) * c.head_dim;
    const int64_t kv = int64_t(c.n_kv_heads) * c.head_dim;
    return {{
        {nullptr, rows, c.dim},
        {nullptr, rows, c.dim},
        {nullptr, rows, q + 2 * kv},
        {nullptr, rows, q},
        {nullptr, rows, 2 * int64_t(c.ff_dim)},
        {nullptr, 1, c.dim},
        {nullptr, std::max(1, n_medusa_heads), c.dim},
        {nullptr, 1, c.dim},
    }};
}

} // namespace

uint64_t workspaceBytes(const ModelConfig& config, int n_heads, int prefill_rows)
{
    uint64_t bytes = aligned(size_t(prefill_rows) * sizeof(int32_t)) + aligned(sizeof(StepState))
        + aligned(sizeof(TreeTables))
        + aligned(size_t(prefill_rows / kMaxNodes - 1) * sizeof(StepState));
    for (const Tensor& shape : workspaceShapes(config, n_heads, prefill_rows))
        bytes += aligned(shape.rows * shape.cols * sizeof(float));
    return bytes;
}

int prefillRows(const ModelConfig& config, const Backend& backend)
{
    int rows = backend.mostPrefillRows() / kMaxNodes * kMaxNodes;
    while (rows > kMaxNodes && workspaceBytes(config, 0, rows) > kMostWorkspace)
        rows = rows / 2 / kMaxNodes * kMaxNodes;
    return std::max(rows, kMaxNodes);
}

size_t chunkEnd(size_t done, size_t size, size_t rows)
{
    const size_t whole = size / kMaxNodes * kMaxNodes;
    if (done % kMaxNodes == 0 && done < whole)
        return std::min(whole, (done / rows + 1) * rows);
    return std::min(size, (done / kMaxNodes + 1) * kMaxNodes);
}

void placeBlocks(Backend& backend, Workspace& workspace, int64_t kv_len, int m)
{
    for (int first = kMaxNodes; first < m; first += kMaxNodes) {
        const auto value = int32_t(kv_len + first);
        backend.upload(&workspace.blocks[first / kMaxNodes - 1].kv_len, &value, sizeof value);
    }
}

Workspace::Workspace(const Model& model)
{
    const int n_heads = int(model.heads.size());
    const int rows = prefillRows(model.config, *model.backend);
    const std::array<Tensor, 8> shapes = workspaceShapes(model.config, n_heads, rows);
    Tensor* const tensors[] = {&x, &normed, &qkv, &attention, &gate_up, &kept, &head_x, &head_h};
    m_memory = model.backend->allocate(workspaceBytes(model.config, n_heads, rows));
    auto* next = m_memory.as<char>();
    const auto take = [&](size_t size) {
        void* data = next;
        next += aligned(size);
        return data;
    };
    for (size_t i = 0; i < shapes.size(); i++) {
        const Tensor& shape = shapes[i];
        *tensors[i] = {static_cast<float*>(take(shape.rows * shape.cols * sizeof(float))),
            shape.rows, shape.cols};
    }
    prompt = static_cast<int32_t*>(take(size_t(rows) * sizeof(int32_t)));
    state = static_cast<StepState*>(take(sizeof(StepState)));
    tree = static_cast<TreeTables*>(take(sizeof(TreeTables)));
    blocks = static_cast<StepState*>(take(size_t(rows / kMaxNodes - 1) * sizeof(StepState)));
}

KvCache makeKvCache(const Model& model)
{
    const ModelConfig& c = model.config;
    return model.backend->makeKvCache(
        model.cache_dtype, c.n_layers, c.n_kv_heads, c.head_dim, model.context + kMaxNodes);
}

void forward(const Model& model, KvCache& cache, Workspace& workspace, const int32_t* tokens, int m,
    const TreeTables* tree, const std::function<void(int layer, Tensor x)>& layer_input)
{
    assert(m >= 1 && m <= (tree ? kMaxNodes : int(workspace.x.rows)));
    assert(m <= kMaxNodes || m % kMaxNodes == 0);
    Backend& backend = *model.backend;
    const ModelConfig& config = model.config;
    const auto rows = [m](Tensor tensor) { return tensor.rowsFrom(0, m); };
    const Tensor x = rows(workspace.x);
    const Tensor qkv = rows(workspace.qkv);
    const Tensor attended = rows(workspace.attention);
    const Tensor gate_up = rows(workspace.gate_up);

    const auto layers = [&] {
        backend.embed(model.embedding, tokens, x);
        for (int layer = 0; layer < config.n_layers; layer++) {
            const LayerWeights& w = model.layers[layer];
            if (layer_input)
                layer_input(layer, x);
            backend.matmul(w.qkv,
                ProductInput::normed(x, w.attention_norm.as<float>(), config.rms_eps),
                w.qkv_bias.as<float>(), Epilogue::store, qkv);
            const LayerAttention sees = layerAttention(config, layer);
            const HeadNorms norms{w.q_norm.as<float>(), w.k_norm.as<float>(), config.rms_eps};
            for (int first = 0; first < m; first += kMaxNodes) {
                const int n = std::min(kMaxNodes, m - first);
                const StepState* const state
                    = first == 0 ? workspace.state : &workspace.blocks[first / kMaxNodes - 1];
                const Tensor block = qkv.rowsFrom(first, n);
                backend.ropeAndStore(block, config.n_heads, norms,
                    sees.rotates ? model.rope : RopeTable(), cache, layer, tree, state);
                backend.attention(block, config.n_heads, sees.window, cache, layer, tree, state,
                    attended.rowsFrom(first, n));
            }
            backend.matmul(w.output, attended, w.output_bias.as<float>(), Epilogue::add, x);
            backend.matmul(w.gate_up,
                ProductInput::normed(x, w.mlp_norm.as<float>(), config.rms_eps),
                w.gate_up_bias.as<float>(), Epilogue::store, gate_up);
            backend.matmul(
                w.down, ProductInput::gated(gate_up), w.down_bias.as<float>(), Epilogue::add, x);
        }
        backend.rmsNorm(x, model.final_norm.as<float>(), config.rms_eps, rows(workspace.normed));
    };
    if (tree)
        layers();
    else
        backend.runPrefill(std::cref(layers)); // by reference: a copy would be allocated
}

void runHeads(const Model& model, Workspace& workspace, int n_heads, int k)
{
    Backend& backend = *model.backend;
    bool shared_vocab = true;
    for (int head = 0; head < n_heads; head++) {
        const MedusaHead& h = model.heads[head];
        const Tensor out = workspace.head_x.rowsFrom(head, 1);
        Tensor in = workspace.kept;
        for (const MedusaHead::Block& block : h.blocks) {
            backend.matmul(
                block.weight, in, block.bias.as<float>(), Epilogue::store, workspace.head_h);
            backend.addSilu(workspace.head_h, in, out);
            in = out;
        }
        shared_vocab &= !h.vocab && !h.blocks.empty();
        if (h.vocab || h.blocks.empty())
            backend.topK(h.vocab ? h.vocab : model.vocabMatrix(), in, head, k, workspace.state);
    }
    // Heads that share the base model's matrix are projected in one reading of it.
    if (shared_vocab)
        backend.topK(
            model.vocabMatrix(), workspace.head_x.rowsFrom(0, n_heads), 0, k, workspace.state);
    else
        for (int head = 0; head < n_heads; head++)
            if (!model.heads[head].vocab && !model.heads[head].blocks.empty())
                backend.topK(model.vocabMatrix(), workspace.head_x.rowsFrom(head, 1), head, k,
                    workspace.state);
}

void headLogits(const Model& model, int head, Tensor x, Tensor scratch, Tensor out)
{
    Backend& backend = *model.backend;
    const MedusaHead& h = model.heads[head];
    const Tensor product = scratch.rowsFrom(0, x.rows);
    const Tensor sum = scratch.rowsFrom(x.rows, x.rows);
    for (const MedusaHead::Block& block : h.blocks) {
        backend.matmul(block.weight, x, block.bias.as<float>(), Epilogue::store, product);
        backend.addSilu(product, x, sum);
        x = sum;
    }
    backend.matmul(h.vocab ? h.vocab : model.vocabMatrix(), x, nullptr, Epilogue::store, out);
}

} // namespace gorgon
