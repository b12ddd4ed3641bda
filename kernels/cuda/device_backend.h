// SPDX-License-Identifier: Apache-2.0
// The backend of one device. What is longer than a line: memory and layers in backend.cu, steps as
// graphs in backend_steps.cu.
#pragma once

#include <cassert>
#include <mutex>
#include <unordered_map>

#include "kernels/cpu/memory.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cuda/accept.h"
#include "kernels/cuda/cuda_backend.h"
#include "kernels/cuda/graph_store.h"
#include "kernels/cuda/kv_layout.h"
#include "kernels/cuda/kv_store.h"
#include "kernels/cuda/mailbox.h"
#include "kernels/cuda/pack.h"
#include "kernels/cuda/pointwise.h"
#include "kernels/cuda/product_launch.h"
#include "kernels/cuda/scratch.h"
#include "kernels/cuda/stamp.h"
#include "kernels/cuda/upload_ring.h"

namespace gorgon::cuda {

/// Operations are enqueued on one stream, one at a time, also when several engines share the
/// backend.
class CudaBackend final : public Backend
{
public:
    CudaBackend(int device, const DeviceFacts& facts)
        : m_device(device)
        , m_facts(facts)
        , m_pool(usableThreads())
    {
        throwIfFailed();
    }
    ~CudaBackend() override
    {
        useDevice(m_device);
        m_stream.synchronize(); // graphs and buffers are in use until then
    }

    std::string name() const override { return "cuda:" + std::to_string(m_device); }
    std::string description() const override { return describeDevice(m_facts); }
    std::optional<uint64_t> freeMemory() override
    {
        const Turn turn(*this);
        return freeDeviceMemory();
    }
    std::string limitation() override
    {
        const Turn turn(*this);
        return m_trouble.isOver() ? "" : "computes without graphs: " + m_trouble.problem();
    }
    bool holdsCache(DType dtype) const override
    {
        return dtype == DType::f16 || dtype == DType::bf16 || dtype == DType::q8;
    }

    uint64_t matrixBytes(const MatrixShape& shape) const override
    {
        return weightBytes(shape.dtype, shape.n_out, shape.n_in);
    }
    uint64_t cacheBytes(const KvCache& cache) const override
    {
        return productOf(size_t(cache.n_layers) * size_t(cache.n_kv_heads),
            size_t(KvLayout::bytesPerHead(cache.dtype, cache.head_dim, cache.capacity)));
    }
    uint64_t scratchBytes(
        std::span<const MatrixShape> matrices, const KvCache& cache, int n_heads) override
    {
        const Turn turn(*this);
        ScratchSizes sizes;
        for (const MatrixShape& shape : matrices)
            sizes.addMatrix(shape, m_facts.n_multiprocessors);
        sizes.addAttention(n_heads, cache);
        return m_scratch.missing(sizes);
    }

    Buffer allocate(size_t bytes) override
    {
        const Turn turn(*this);
        return zeroed(bytes);
    }
    void upload(void* device, const void* host, size_t bytes) override
    {
        const Turn turn(*this);
        if (bytes <= UploadRing::kSlotBytes) {
            m_uploads.copy(m_stream, device, host, bytes);
            return;
        }
        copyToDevice(m_stream, device, host, bytes);
        m_stream.synchronize(); // devices that read the host's memory themselves may still do so
    }
    void download(void* host, const void* device, size_t bytes) override
    {
        const Turn turn(*this);
        copyToHost(m_stream, host, device, bytes);
        m_stream.synchronize();
        throwIfFailed();
        throwIfShort();
    }
    std::string weightLayout() const override { return "cuda1"; }
    Matrix makeMatrix(DType dtype, int64_t n_out, int64_t n_in) override;
    void setRows(Matrix& matrix, int64_t first, int64_t n_rows, const void* source,
        DType source_dtype) override
    {
        const Turn turn(*this);
        setMatrixRows(m_stream, m_pool, matrix, first, n_rows, source, source_dtype);
        throwIfFailed();
    }
    KvCache makeKvCache(
        DType dtype, int n_layers, int n_kv_heads, int head_dim, int64_t capacity) override;
    void readKv(const KvCache& cache, int layer, int64_t slot, float* k, float* v) override;

    bool holdsStep(uint64_t key) override
    {
        const Turn turn(*this);
        dropStale();
        return !m_trouble.isOver() || m_graphs.find(key);
    }
    void runStep(uint64_t key, const std::function<void()>& enqueue) override;
    void runPrefill(const std::function<void()>& enqueue) override;
    int mostPrefillRows() const override { return kMostPrefillRows; }
    void readRecord(const StepState* state, StepRecord& record) override;
    void stamp(StepState* state, StepPhase phase) override
    {
        const Turn turn(*this, Turn::changes);
        enqueueStamp(m_stream, state, phase);
    }

    void embed(const Matrix& table, const int32_t* tokens, Tensor x) override
    {
        const Turn turn(*this, Turn::changes);
        enqueueEmbed(m_stream, table, tokens, x);
    }
    void rmsNorm(Tensor x, const float* weight, float eps, Tensor y) override
    {
        const Turn turn(*this, Turn::changes);
        enqueueRmsNorm(m_stream, x, weight, eps, y);
    }
    void matmul(const Matrix& w, const ProductInput& x, const float* bias, Epilogue epilogue,
        Tensor y) override
    {
        const Turn turn(*this, Turn::changes);
        const StoreTile to{y.data, y.cols, bias, epilogue == Epilogue::add};
        const bool is_chunk = m_is_prefilling && y.rows % kMaxNodes == 0; // in every mode
        const ProductRows rows = inputOf(w, x, !is_chunk);
        if (is_chunk)
            prefillProduct(
                m_stream, m_gemm, weightsOf(w), rows, int(y.rows), m_scratch.unpack(), to);
        else
            product(m_stream, weightsOf(w), planOf(w), rows, int(y.rows), m_scratch.product(), to);
    }
    void ropeAndStore(Tensor qkv, int n_heads, const HeadNorms& norms, const RopeTable& rope,
        KvCache& cache, int layer, const TreeTables* tree, const StepState* state) override
    {
        const Turn turn(*this, Turn::changes);
        enqueueRopeAndStore(m_stream, qkv, n_heads, norms, rope, cache, layer, tree, state);
    }
    void attention(Tensor qkv, int n_heads, int64_t window, const KvCache& cache, int layer,
        const TreeTables* tree, const StepState* state, Tensor out) override;
    void siluMul(Tensor gate_up, Tensor h) override
    {
        const Turn turn(*this, Turn::changes);
        enqueueSiluMul(m_stream, gate_up, h);
    }
    void addSilu(Tensor h, Tensor x, Tensor y) override
    {
        const Turn turn(*this, Turn::changes);
        enqueueAddSilu(m_stream, h, x, y);
    }
    void keepAccepted(Tensor x, const StepState* state, Tensor y) override
    {
        const Turn turn(*this, Turn::changes);
        enqueueKeepAccepted(m_stream, x, state, y);
    }

    void project(
        const Matrix& w, Tensor x, const TreeTables* tree, StepState* state, Tensor logits) override
    {
        const Turn turn(*this, Turn::changes);
        SelectEpilogue end{};
        end.project = {tree, state, m_scratch.select().summaries, logits.data, w.n_out};
        launchAnyProduct(m_stream, weightsOf(w), planOf(w), inputOf(w, x), int(x.rows),
            m_scratch.product(), end);
        enqueueMergeRows(m_stream, m_scratch.select(), int(x.rows), w.n_out, state);
    }
    void restrictDraws(Tensor logits, const TreeTables* tree, StepState* state) override
    {
        const Turn turn(*this, Turn::changes);
        enqueueRestrictDraws(m_stream, logits, tree, state);
    }
    void topK(const Matrix& w, Tensor x, int first_head, int k, StepState* state) override
    {
        const Turn turn(*this, Turn::changes);
        const int n_best = k < 1 ? 1 : k > kMaxTopK ? kMaxTopK : k;
        const SelectScratch scratch = m_scratch.select();
        SelectEpilogue end{};
        end.top_k = {scratch.summaries, scratch.candidates, w.n_out, n_best};
        end.is_top_k = true;
        launchAnyProduct(m_stream, weightsOf(w), planOf(w), inputOf(w, x), int(x.rows),
            m_scratch.product(), end);
        enqueueMergeTopK(m_stream, scratch, int(x.rows), w.n_out, first_head, n_best, state);
    }

    void propose(const TreeTables* tree, int n_heads_run, StepState* state) override
    {
        const Turn turn(*this, Turn::changes);
        enqueuePropose(m_stream, tree, n_heads_run, state);
    }
    void accept(const TreeTables* tree, StepState* state) override
    {
        const Turn turn(*this, Turn::changes);
        enqueueAccept(m_stream, tree, state);
        m_accepted = state;
    }
    void commit(KvCache& cache, StepState* state) override
    {
        const Turn turn(*this, Turn::changes);
        enqueueCommit(m_stream, cache, state);
    }
    void advance(StepState* state, int n) override
    {
        const Turn turn(*this, Turn::changes);
        enqueueAdvance(m_stream, state, n);
    }

private:
    /// This thread's turn with the device.
    class Turn
    {
    public:
        enum Effect
        {
            none,
            changes, // what was posted may no longer be what the state says
        };
        explicit Turn(CudaBackend& backend, Effect effect = none)
            : m_lock(backend.m_mutex)
        {
            useDevice(backend.m_device);
            assert(effect == changes
                || !backend.m_is_capturing); // it would happen at once, and only once
            if (effect == changes)
                backend.m_posted = nullptr;
        }

    private:
        std::scoped_lock<std::recursive_mutex> m_lock;
    };

    Buffer zeroed(size_t bytes);
    template <typename Allocate> auto orFailed(Allocate&& allocate);
    void throwIfFailed() const;
    void throwIfShort();
    ProductPlan planOf(const Matrix& w) const;
    ProductRows inputOf(const Matrix& w, const ProductInput& x, bool has_sums = true);
    Mailbox& mailboxOf(const StepState* state);
    void post(const StepState* state);
    void dropStale();
    bool capture(uint64_t key, const std::function<void()>& enqueue);

    int m_device;
    DeviceFacts m_facts;
    std::recursive_mutex m_mutex;
    ThreadPool m_pool; // converts weights
    Stream m_stream;
    Gemm m_gemm{m_stream};
    UploadRing m_uploads;
    Scratch m_scratch;
    uint64_t m_matrix_bytes = 0; // of all matrices ever made
    GraphStore m_graphs;
    std::unordered_map<const StepState*, Mailbox> m_mailboxes;
    uint64_t m_seen_releases = 0;
    const StepState* m_accepted = nullptr; // state of the last accept
    const StepState* m_posted = nullptr; // state whose record is on its way as it is
    bool m_is_prefilling = false; // within runPrefill
    bool m_is_capturing = false;
    bool m_must_run_once = false; // something has to grow, which a capture cannot
    GraphTrouble m_trouble; // why steps are enqueued anew
    bool m_is_short = false; // an operation was left out for want of memory
};

/// What allocate() returns. What a device says, other than that its memory is full, ends the
/// backend.
template <typename Allocate> auto CudaBackend::orFailed(Allocate&& allocate)
{
    try {
        return allocate();
    } catch (const DeviceError& problem) {
        m_stream.fail(problem.what());
        throwIfFailed();
        throw;
    }
}

} // namespace gorgon::cuda
