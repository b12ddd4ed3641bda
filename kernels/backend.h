// SPDX-License-Identifier: Apache-2.0
// The arithmetic of one device: fused operations on buffers, the same file names in cpu/ and cuda/.
//
// Rules that every backend keeps; promises of the whole program rest on them.
// - Row independence: row i of an operation over m <= 256 rows has the bits of the same row alone, for any
//   m, any neighbours and any number of threads. A lane owns an output and sums k in ascending order;
//   threads split outputs only; attention is cut into tiles of absolute logical positions.
// - Values of a step stay on the device: cache length, root, tokens, path, settings and seed live in a
//   StepState. Operations take buffers and shapes, never a host value that changes from step to step, and
//   return nothing; readRecord is the one wait.
// - Weights are read once per operation, whatever the number of rows.
// - A row's logical position is kv_len + depth. Its keys and values lie in slot kv_len + node until commit
//   moves the accepted path down. slot(node, p) = p < kv_len ? p : kv_len + path[node][p - kv_len].
// - Nothing is allocated in an operation, and none throws: errors of the device surface at readRecord.
#pragma once

#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>

#include "kernels/buffer.h"
#include "kernels/step_state.h"
#include "kernels/tensor.h"

namespace gorgon {

/// Weights (n_out, n_in) in the order in which the backend reads them; rows padded with zeros as it needs.
struct Matrix
{
    Buffer data;
    DType dtype = DType::f32;
    int64_t n_out = 0;
    int64_t n_in = 0;
    size_t used = 0; // bytes of data that hold weights; 0: all

    size_t usedBytes() const { return used > 0 ? used : data.bytes(); }
    explicit operator bool() const { return bool(data); }
};

struct MatrixShape
{
    DType dtype = DType::f32;
    int64_t n_out = 0;
    int64_t n_in = 0;
};

/// Keys and values of one conversation: per layer n_kv_heads x capacity slots x head_dim each.
struct KvCache
{
    Buffer data; // layout is the backend's
    DType dtype = DType::f32; // or f16, bf16, q8: 8 bits and one f32 scale per slot and head
    int n_layers = 0;
    int n_kv_heads = 0;
    int head_dim = 0;
    int64_t capacity = 0; // slots: context + kMaxNodes, so that a tree always has room
};

/// Bytes of keys and values of one position: what the format needs, not what a backend adds.
constexpr uint64_t kvBytesPerPosition(DType dtype, int n_layers, int n_kv_heads, int head_dim)
{
    const uint64_t head = dtype == DType::q8 ? uint64_t(head_dim) + sizeof(float)
                                             : uint64_t(head_dim) * dtypeBytes(dtype);
    return 2 * uint64_t(n_layers) * uint64_t(n_kv_heads) * head;
}

/// A cache without its memory. Throws std::bad_alloc where no backend could hold it.
inline KvCache shapedCache(
    DType dtype, int n_layers, int n_kv_heads, int head_dim, int64_t capacity)
{
    constexpr int kMost = 1 << 20;
    if (n_layers < 1 || n_kv_heads < 1 || head_dim < 2 || capacity < 1 || n_layers > kMost
        || n_kv_heads > kMost || head_dim > kMost || capacity > int64_t(1) << 31)
        throw std::bad_alloc();
    KvCache cache;
    cache.dtype = dtype;
    cache.n_layers = n_layers;
    cache.n_kv_heads = n_kv_heads;
    cache.head_dim = head_dim;
    cache.capacity = capacity;
    return cache;
}

/// cos and sin of every position, each (n_positions, head_dim / 2). Empty: nothing is rotated.
struct RopeTable
{
    Tensor cos;
    Tensor sin;
};

/// Weights (head_dim) of the norms that every head of q and of k gets before it is rotated. nullptr: none.
struct HeadNorms
{
    const float* q = nullptr;
    const float* k = nullptr;
    float eps = 0;
};

/// What a product reads: rows x, or what it makes of them on the way, with the bits of the operation that
/// is named.
struct ProductInput
{
    Tensor x; // (m, n_in); gated: (m, 2 n_in), gate, then up
    const float* norm = nullptr; // (n_in): rmsNorm with this weight, nullptr: none
    float norm_eps = 0;
    bool is_gated = false; // siluMul; not with a norm

    ProductInput(Tensor rows) // plain rows need no words
        : x(rows)
    {
    }
    static ProductInput normed(Tensor rows, const float* weight, float eps)
    {
        ProductInput input(rows);
        input.norm = weight;
        input.norm_eps = eps;
        return input;
    }
    static ProductInput gated(Tensor gate_up)
    {
        ProductInput input(gate_up);
        input.is_gated = true;
        return input;
    }
    bool isPlain() const { return !norm && !is_gated; }
    int64_t cols() const { return is_gated ? x.cols / 2 : x.cols; }
};

enum class Epilogue : uint8_t
{
    store, // y = x Wt + b
    add, // y += x Wt + b
};

class Backend
{
public:
    virtual ~Backend() = default;

    /// "cpu" or "cuda:0".
    virtual std::string name() const = 0;
    /// In words: processor, instruction set, threads.
    virtual std::string description() const = 0;

    /// What makes it slower than it could be, without a full stop; "" where nothing does.
    virtual std::string limitation() { return {}; }
    /// Bytes that allocations can still have; nothing where they take the system's main memory.
    virtual std::optional<uint64_t> freeMemory() { return std::nullopt; }
    /// Whether keys and values can be kept in this format.
    virtual bool holdsCache(DType dtype) const { return !isQuantized(dtype) || dtype == DType::q8; }

    // What allocations will take, before they are made; a cache's shape alone counts.
    virtual uint64_t matrixBytes(const MatrixShape& shape) const
    {
        return uint64_t(shape.n_out) * rowBytes(shape.dtype, shape.n_in);
    }
    virtual uint64_t cacheBytes(const KvCache& cache) const
    {
        return uint64_t(cache.capacity)
            * kvBytesPerPosition(
                cache.dtype, cache.n_layers, cache.n_kv_heads, cache.head_dim);
    }
    /// What operations over these take of their own: matrices, and one cache under n_heads heads.
    /// What they have already is left out.
    virtual uint64_t scratchBytes(
        std::span<const MatrixShape> /*matrices*/, const KvCache& /*cache*/, int /*n_heads*/)
    {
        return 0;
    }

    // Memory. Buffers are zeroed and aligned to 64 bytes; std::bad_alloc where there is none.
    virtual Buffer allocate(size_t bytes) = 0;
    virtual void upload(void* device, const void* host, size_t bytes) = 0;
    virtual void download(void* host, const void* device, size_t bytes) = 0;
    /// Names the order of weights in a Matrix and how they are quantized; changes when they do. ""
    /// where the bytes of a matrix mean nothing to another process.
    virtual std::string weightLayout() const { return {}; }
    virtual Matrix makeMatrix(DType dtype, int64_t n_out, int64_t n_in) = 0;
    /// Converts (round to nearest even) and packs `n_rows` rows of n_in elements into rows from `first`.
    /// source: host memory, (n_rows, n_in) of source_dtype, row-major; need not be aligned.
    virtual void setRows(
        Matrix& matrix, int64_t first, int64_t n_rows, const void* source, DType source_dtype) = 0;
    /// dtype: f32, f16, bf16 or q8.
    virtual KvCache makeKvCache(
        DType dtype, int n_layers, int n_kv_heads, int head_dim, int64_t capacity)
        = 0;
    /// One slot of one layer as (n_kv_heads, head_dim) floats each, to host memory; for tests and
    /// tools.
    virtual void readKv(const KvCache& cache, int layer, int64_t slot, float* k, float* v) = 0;

    // Steps. `enqueue` calls operations; a recording backend captures them once per key and replays.
    // The key covers every shape and pointer that the operations get.
    virtual void runStep(uint64_t key, const std::function<void()>& enqueue) = 0;
    /// Whether a step of this key runs at once, without being captured first.
    virtual bool holdsStep(uint64_t) { return true; }
    /// `enqueue` calls the layers of a chunk of a prompt. Products of kMaxNodes rows may add up in
    /// another order than those of steps do.
    virtual void runPrefill(const std::function<void()>& enqueue) { enqueue(); }
    /// Rows of a prompt that embed, rmsNorm and matmul take at once within runPrefill: a multiple of
    /// kMaxNodes. More than kMaxNodes come as a multiple of it, too.
    virtual int mostPrefillRows() const { return kMaxNodes; }
    /// Waits for everything enqueued and copies the record.
    virtual void readRecord(const StepState* state, StepRecord& record) = 0;
    virtual void stamp(StepState* state, StepPhase phase) = 0;

    // Layers. m = x.rows <= kMaxNodes, but see mostPrefillRows. tree == nullptr: the rows are a
    // chain, row i at depth i.
    /// x (m, dim): row i is row tokens[i] of table; zeros where the token lies outside.
    virtual void embed(const Matrix& table, const int32_t* tokens, Tensor x) = 0;
    /// y = x / sqrt(mean(x^2) + eps) * weight, per row. x, y (m, dim) may be the same; weight (dim).
    virtual void rmsNorm(Tensor x, const float* weight, float eps, Tensor y) = 0;
    /// y (m, n_out) from x (m, n_in), plain, normed or gated; bias (n_out) or nullptr. x and y must not
    /// overlap.
    virtual void matmul(
        const Matrix& w, const ProductInput& x, const float* bias, Epilogue epilogue, Tensor y) = 0;
    /// Norms the heads of q and k, rotates them (pairs d, d + head_dim / 2) and writes k, v into the slots
    /// of the rows, rounded to the cache's format to nearest even. f16: finite numbers beyond +-65504 become
    /// that. qkv (m, (n_heads + 2 n_kv_heads) head_dim): q, then k, then v; q and k change in place.
    virtual void ropeAndStore(Tensor qkv, int n_heads, const HeadNorms& norms,
        const RopeTable& rope, KvCache& cache, int layer, const TreeTables* tree,
        const StepState* state)
        = 0;
    /// Each row, at its logical position p = kv_len + depth, attends to positions p - window + 1 ... p
    /// (window 0: 0 ... p), its own included, as the cache holds them; in f32. scores scaled by
    /// 1/sqrt(head_dim).
    /// qkv as above, q rotated; out (m, n_heads * head_dim).
    virtual void attention(Tensor qkv, int n_heads, int64_t window, const KvCache& cache, int layer,
        const TreeTables* tree, const StepState* state, Tensor out)
        = 0;
    /// h = silu(gate) * up. gate_up (m, 2 n): gate, then up; h (m, n).
    virtual void siluMul(Tensor gate_up, Tensor h) = 0;
    /// y = x + silu(h), the residual of a Medusa block. All (m, n); y may be x.
    virtual void addSilu(Tensor h, Tensor x, Tensor y) = 0;
    /// y (1, dim) = row of x at the last accepted node, path[accept_length] of the record.
    virtual void keepAccepted(Tensor x, const StepState* state, Tensor y) = 0;

    // The vocabulary. Streamed in slabs: rows of logits are stored only where `logits` (m, n_out) is given.
    /// Fills the per-row part of `state` for rows 0 ... m - 1, and child_logit of every node of the tree.
    /// Draws: arg-max of l / T + Gumbel noise, the noise a function of (seed, position of the row, token)
    /// alone; ties to the lowest id. NaN counts as -inf; a row without a finite logit sets bad_logits.
    /// tree == nullptr: x is one row, the root of a tree of one node.
    virtual void project(const Matrix& w, Tensor x, const TreeTables* tree, StepState* state,
        Tensor logits) = 0;
    /// Redraws every row within its top-p set (by probability, ties by id; the token that crosses is kept).
    virtual void restrictDraws(Tensor logits, const TreeTables* tree, StepState* state) = 0;
    /// Heads first_head ... first_head + m - 1, one row each: their k best tokens and probabilities.
    virtual void topK(const Matrix& w, Tensor x, int first_head, int k, StepState* state) = 0;

    // The tree.
    /// tokens[0] = root, tokens[j] = head_token[depth - 1][rank]; -1 where no head ran or it is bad.
    virtual void propose(const TreeTables* tree, int n_heads_run, StepState* state) = 0;
    /// Judges every node and writes the record: verdicts, the longest admitted path, accept_length,
    /// next_root, which becomes the root. Ties under typical: the largest sum of ln p, then the path whose
    /// continuation in the tree is deepest, then last: the first row of the reference's retrieve_indices.
    /// Greedy and exact follow the draws from the root down; so does typical at temperature 0.
    /// tree == nullptr: one node.
    virtual void accept(const TreeTables* tree, StepState* state) = 0;
    /// Moves the accepted path's keys and values to kv_len, kv_len + 1, ... and adds accept_length + 1.
    /// Ascending and in place: a path's i-th node is never numbered below i.
    virtual void commit(KvCache& cache, StepState* state) = 0;
    /// kv_len += n: rows of a prefill chunk become committed.
    virtual void advance(StepState* state, int n) = 0;
};

struct CpuOptions
{
    int n_threads = 0; // 0: as many as the process may use
};
std::unique_ptr<Backend> makeCpuBackend(const CpuOptions& options);

/// Processors that this process may use: affinity and cgroup quota, at least 1.
int usableThreads();

} // namespace gorgon
