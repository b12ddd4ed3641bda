// SPDX-License-Identifier: Apache-2.0
// The forward pass, written once for every backend, and the scratch memory it needs.
#pragma once

#include "core/model/model.h"

namespace gorgon {

/// Scratch of one engine, sized once; nothing is allocated in a step.
class Workspace
{
public:
    explicit Workspace(const Model& model);

    // rows: prefillRows()
    Tensor x; // (rows, dim) residual stream
    Tensor normed; // (rows, dim) the final norm: what vocabulary and heads read
    Tensor qkv; // (rows, (n_heads + 2 n_kv_heads) head_dim)
    Tensor attention; // (rows, n_heads * head_dim)
    Tensor gate_up; // (rows, 2 ff_dim)
    Tensor kept; // (1, dim) final norm at the last accepted node: what the heads read
    Tensor head_x; // (max(1, n_heads), dim)
    Tensor head_h; // (1, dim)
    int32_t* prompt = nullptr; // rows token ids of a prefill chunk, on the device
    StepState* state = nullptr; // on the device
    // Of a longer chunk: the cache's length before its rows kMaxNodes (i + 1) ... stands in
    // blocks[i]; on the device.
    StepState* blocks = nullptr;
    TreeTables* tree = nullptr; // on the device

    uint64_t bytes() const { return m_memory.bytes(); }

private:
    Buffer m_memory;
};

/// What a Workspace takes.
uint64_t workspaceBytes(const ModelConfig& config, int n_heads, int prefill_rows = kMaxNodes);

/// Rows of a prompt that are read at once: as many as the backend takes, fewer where the model is
/// wide. Nothing else counts, since their bits may depend on it.
int prefillRows(const ModelConfig& config, const Backend& backend);

/// Where the chunk of a prompt of `size` tokens ends that begins at `done`. Chunks end at absolute
/// multiples of kMaxNodes; whole ones are read together, up to absolute multiples of `rows`.
size_t chunkEnd(size_t done, size_t size, size_t rows);

/// Tells the blocks of a chunk of m rows where they begin, behind kv_len rows.
void placeBlocks(Backend& backend, Workspace& workspace, int64_t kv_len, int m);

/// The cache of one conversation: the model's context, and room for a tree.
KvCache makeKvCache(const Model& model);

/// Runs all layers over m rows: tokens (m) on the device; tree == nullptr: a chain of m rows, more
/// than kMaxNodes of them behind placeBlocks and as a multiple of kMaxNodes.
/// Leaves the final norm of every row in workspace.normed and its keys and values in slots kv_len
/// ... kv_len + m - 1. layer_input, where given, sees the residual stream (m, dim) at the entry of
/// each layer; for tests.
void forward(const Model& model, KvCache& cache, Workspace& workspace, const int32_t* tokens, int m,
    const TreeTables* tree, const std::function<void(int layer, Tensor x)>& layer_input = {});

/// Heads 0 ... n_heads - 1 at workspace.kept; the k best tokens of each into the state.
void runHeads(const Model& model, Workspace& workspace, int n_heads, int k);

/// Logits of one head over m rows: x (m, dim) final norms, scratch (2 m, dim), out (m, vocab); for
/// inspection, not for steps.
void headLogits(const Model& model, int head, Tensor x, Tensor scratch, Tensor out);

} // namespace gorgon
