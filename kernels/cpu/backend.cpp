// SPDX-License-Identifier: Apache-2.0
#include "kernels/backend.h"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstring>
#include <mutex>
#include <new>

#include "kernels/cpu/accept.h"
#include "kernels/cpu/attention.h"
#include "kernels/cpu/kv_store.h"
#include "kernels/cpu/matmul.h"
#include "kernels/cpu/memory.h"
#include "kernels/cpu/pack.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/pointwise.h"
#include "kernels/cpu/processor.h"
#include "kernels/cpu/product.h"
#include "kernels/cpu/select.h"

namespace gorgon {

namespace {

/// Operations run one at a time, also when several engines share the backend. Scratch grows when a
/// larger matrix or cache is made, never in an operation.
class CpuBackend final : public Backend
{
public:
    explicit CpuBackend(int n_threads)
        : m_pool(n_threads)
    {
        mayUse(Instructions::scalar); // the limit that the environment sets acts from here on
        m_select_threads = allocateHost(sizeof(SelectThreadScratch) * size_t(m_pool.size()));
    }

    std::string name() const override { return "cpu"; }
    std::string description() const override
    {
        return processorName() + ", " + instructionSetName() + ", " + std::to_string(m_pool.size())
            + (m_pool.size() == 1 ? " thread" : " threads");
    }

    Buffer allocate(size_t bytes) override { return allocateHost(bytes); }
    void upload(void* device, const void* host, size_t bytes) override
    {
        const std::scoped_lock lock(m_mutex);
        std::memcpy(device, host, bytes);
    }
    void download(void* host, const void* device, size_t bytes) override
    {
        const std::scoped_lock lock(m_mutex);
        std::memcpy(host, device, bytes);
    }
    std::string weightLayout() const override { return "cpu3"; }
    uint64_t matrixBytes(const MatrixShape& shape) const override
    {
        return uint64_t(panelCount(shape.n_out)) * panelBytes(shape.dtype, shape.n_in);
    }
    Matrix makeMatrix(DType dtype, int64_t n_out, int64_t n_in) override
    {
        const std::scoped_lock lock(m_mutex);
        Matrix matrix = makePackedMatrix(dtype, n_out, n_in);
        growInputs(n_in);
        growOutputs(n_out);
        return matrix;
    }
    void setRows(Matrix& matrix, int64_t first, int64_t n_rows, const void* source,
        DType source_dtype) override
    {
        const std::scoped_lock lock(m_mutex);
        packRows(m_pool, matrix, first, n_rows, source, source_dtype);
    }
    KvCache makeKvCache(
        DType dtype, int n_layers, int n_kv_heads, int head_dim, int64_t capacity) override;
    void readKv(const KvCache& cache, int layer, int64_t slot, float* k, float* v) override;

    void runStep(uint64_t, const std::function<void()>& enqueue) override { enqueue(); }
    void readRecord(const StepState* state, StepRecord& record) override
    {
        const std::scoped_lock lock(m_mutex);
        record = state->record;
    }
    void stamp(StepState* state, StepPhase phase) override
    {
        const auto now = std::chrono::steady_clock::now().time_since_epoch();
        state->record.time_ns[int(phase)]
            = std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
    }

    void embed(const Matrix& table, const int32_t* tokens, Tensor x) override
    {
        const std::scoped_lock lock(m_mutex);
        embedRows(table, tokens, x);
    }
    void rmsNorm(Tensor x, const float* weight, float eps, Tensor y) override
    {
        const std::scoped_lock lock(m_mutex);
        cpuRmsNorm(m_pool, x, weight, eps, y);
    }
    void matmul(const Matrix& w, const ProductInput& x, const float* bias, Epilogue epilogue,
        Tensor y) override
    {
        const std::scoped_lock lock(m_mutex);
        assert(x.cols() == w.n_in && y.cols == w.n_out);
        assert(x.x.rows == y.rows && y.rows <= kMaxNodes);
        cpuMatmul(m_pool, m_packed.as<float>(), w, x, bias, epilogue, y);
    }
    void ropeAndStore(Tensor qkv, int n_heads, const HeadNorms& norms, const RopeTable& rope,
        KvCache& cache, int layer, const TreeTables* tree, const StepState* state) override
    {
        const std::scoped_lock lock(m_mutex);
        cpuRopeAndStore(m_pool, qkv, n_heads, norms, rope, cache, layer, tree, state);
    }
    void attention(Tensor qkv, int n_heads, int64_t window, const KvCache& cache, int layer,
        const TreeTables* tree, const StepState* state, Tensor out) override
    {
        const std::scoped_lock lock(m_mutex);
        cpuAttention(
            m_pool, m_attention.as<float>(), qkv, n_heads, window, cache, layer, tree, state, out);
    }
    void siluMul(Tensor gate_up, Tensor h) override
    {
        const std::scoped_lock lock(m_mutex);
        cpuSiluMul(m_pool, gate_up, h);
    }
    void addSilu(Tensor h, Tensor x, Tensor y) override
    {
        const std::scoped_lock lock(m_mutex);
        cpuAddSilu(m_pool, h, x, y);
    }
    void keepAccepted(Tensor x, const StepState* state, Tensor y) override
    {
        const std::scoped_lock lock(m_mutex);
        const int node = state->record.path[state->record.accept_length];
        std::copy_n(x.data + node * x.cols, x.cols, y.data);
    }

    void project(
        const Matrix& w, Tensor x, const TreeTables* tree, StepState* state, Tensor logits) override
    {
        const std::scoped_lock lock(m_mutex);
        cpuProject(m_pool, selectScratch(), w, x, tree, state, logits);
    }
    void restrictDraws(Tensor logits, const TreeTables* tree, StepState* state) override
    {
        const std::scoped_lock lock(m_mutex);
        cpuRestrictDraws(m_pool, selectScratch(), logits, tree, state);
    }
    void topK(const Matrix& w, Tensor x, int first_head, int k, StepState* state) override
    {
        const std::scoped_lock lock(m_mutex);
        cpuTopK(m_pool, selectScratch(), w, x, first_head, k, state);
    }

    void propose(const TreeTables* tree, int n_heads_run, StepState* state) override
    {
        cpuPropose(tree, n_heads_run, state);
    }
    void accept(const TreeTables* tree, StepState* state) override { cpuAccept(tree, state); }
    void commit(KvCache& cache, StepState* state) override
    {
        const std::scoped_lock lock(m_mutex);
        cpuCommit(m_pool, cache, state);
    }
    void advance(StepState* state, int n) override { state->kv_len += n; }

private:
    void growInputs(int64_t n_in);
    void growOutputs(int64_t n_out);
    SelectScratch selectScratch() const
    {
        return {m_packed.as<float>(), m_slabs.as<SlabSummary>(), m_child_of_slab.as<int32_t>(),
            m_select_threads.as<SelectThreadScratch>(), m_sorted.as<Candidate>(), m_most_outputs};
    }

    std::mutex m_mutex;
    ThreadPool m_pool;
    int64_t m_most_inputs = 0;
    int64_t m_most_outputs = 0;
    int m_largest_head = 0;
    Buffer m_packed; // inputs of a product, kMaxNodes rows
    Buffer m_attention;
    Buffer m_slabs;
    Buffer m_child_of_slab;
    Buffer m_select_threads;
    Buffer m_sorted;
};

void CpuBackend::growInputs(int64_t n_in)
{
    if (n_in <= m_most_inputs)
        return;
    const size_t floats
        = size_t(std::max(packedFloats(DType::bf16, n_in), packedFloats(DType::q4, n_in)));
    m_packed = allocateHost(productOf(floats, kMaxNodes * sizeof(float)));
    m_most_inputs = n_in;
}

void CpuBackend::growOutputs(int64_t n_out)
{
    if (n_out <= m_most_outputs)
        return;
    const size_t n_slabs = size_t((n_out + kSlabColumns - 1) / kSlabColumns);
    Buffer slabs = allocateHost(productOf(n_slabs, sizeof(SlabSummary)));
    Buffer child_of_slab = allocateHost(productOf(n_slabs, sizeof(int32_t)));
    m_sorted = allocateHost(productOf(size_t(n_out), sizeof(Candidate) * size_t(m_pool.size())));
    m_slabs = std::move(slabs);
    m_child_of_slab = std::move(child_of_slab);
    m_most_outputs = n_out;
}

KvCache CpuBackend::makeKvCache(
    DType dtype, int n_layers, int n_kv_heads, int head_dim, int64_t capacity)
{
    assert(dtype != DType::q4);
    const std::scoped_lock lock(m_mutex);
    KvCache cache = shapedCache(dtype, n_layers, n_kv_heads, head_dim, capacity);
    if (head_dim > m_largest_head) {
        m_attention = allocateHost(
            productOf(attentionScratchFloats(head_dim), sizeof(float) * size_t(m_pool.size())));
        m_largest_head = head_dim;
    }
    const size_t heads = size_t(n_layers) * size_t(n_kv_heads);
    cache.data
        = allocateHost(productOf(heads, size_t(KvLayout::bytesPerHead(dtype, head_dim, capacity))));
    return cache;
}

void CpuBackend::readKv(const KvCache& cache, int layer, int64_t slot, float* k, float* v)
{
    const std::scoped_lock lock(m_mutex);
    const KvLayout layout(cache, layer);
    for (int head = 0; head < cache.n_kv_heads; head++)
        loadKv(layout, head, slot, k + head * cache.head_dim, v + head * cache.head_dim);
}

} // namespace

std::unique_ptr<Backend> makeCpuBackend(const CpuOptions& options)
{
    constexpr int kMostThreads = 512;
    const int wanted = options.n_threads > 0 ? options.n_threads : usableThreads();
    return std::make_unique<CpuBackend>(std::min(wanted, kMostThreads));
}

} // namespace gorgon
