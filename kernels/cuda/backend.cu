// SPDX-License-Identifier: Apache-2.0
#include <cassert>
#include <mutex>
#include <new>
#include <stdexcept>
#include <unordered_map>

#include "kernels/backend_failed.h"
#include "kernels/cpu/memory.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cuda/accept.h"
#include "kernels/cuda/attention.h"
#include "kernels/cuda/cuda_backend.h"
#include "kernels/cuda/graph_store.h"
#include "kernels/cuda/kv_store.h"
#include "kernels/cuda/mailbox.h"
#include "kernels/cuda/pack.h"
#include "kernels/cuda/pointwise.h"
#include "kernels/cuda/product_launch.h"
#include "kernels/cuda/scratch.h"
#include "kernels/cuda/stamp.h"
#include "kernels/cuda/upload_ring.h"

namespace gorgon::cuda {

namespace {

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
        return m_graph_problem.empty() ? "" : "computes without graphs: " + m_graph_problem;
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
        return !hasGraphs() || m_graphs.find(key);
    }
    void runStep(uint64_t key, const std::function<void()>& enqueue) override;
    void runPrefill(const std::function<void()>& enqueue) override;
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
        const ProductRows rows = inputOf(w, x);
        const StoreTile to{y.data, y.cols, bias, epilogue == Epilogue::add};
        if (m_is_prefilling && y.rows == kMaxNodes) // a whole chunk, in every mode
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

    bool hasGraphs() const { return m_graph_problem.empty(); }
    Buffer zeroed(size_t bytes);
    void throwIfFailed() const;
    ProductPlan planOf(const Matrix& w) const;
    ProductRows inputOf(const Matrix& w, const ProductInput& x);
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
    std::string m_graph_problem; // why steps are enqueued anew; "": they are replayed
};

Buffer CudaBackend::zeroed(size_t bytes)
{
    if (bytes > SIZE_MAX / 2)
        throw std::bad_alloc();
    throwIfFailed();
    try {
        Buffer buffer = deviceBuffer(bytes);
        fillZero(m_stream, buffer.as<>(), buffer.bytes());
        return buffer;
    } catch (const DeviceError& problem) {
        m_stream.fail(problem.what());
        throwIfFailed();
        throw;
    }
}

void CudaBackend::throwIfFailed() const
{
    if (!m_stream.error().empty())
        throw BackendFailed(name() + " (" + m_facts.name
            + "): expected the device to go on, it failed to " + m_stream.error()
            + (m_stream.isDeviceLost()
                    ? "; load the model again with the CPU: the device computes again once Gorgon "
                      "was restarted"
                    : "; load the model again, with the CPU if it fails again"));
}

ProductPlan CudaBackend::planOf(const Matrix& w) const
{
    // A model that fits the second-level cache is best left there.
    const bool stays = m_matrix_bytes < m_facts.cache_bytes / 2;
    return planProduct(w.dtype, w.n_out, w.n_in, m_facts.n_multiprocessors,
        stays ? CacheUse::normal : CacheUse::evict_first);
}

ProductRows CudaBackend::inputOf(const Matrix& w, const ProductInput& x)
{
    const ProductRows rows = m_scratch.rows(w.dtype, w.n_in);
    enqueueProductInput(m_stream, w.dtype, x, rows);
    return rows;
}

Matrix CudaBackend::makeMatrix(DType dtype, int64_t n_out, int64_t n_in)
{
    const Turn turn(*this);
    const size_t bytes = weightBytes(dtype, n_out, n_in);
    ScratchSizes sizes;
    sizes.addMatrix({dtype, n_out, n_in}, m_facts.n_multiprocessors);
    m_scratch.grow(m_stream, sizes);
    Matrix matrix;
    matrix.data = zeroed(bytes);
    matrix.dtype = dtype;
    matrix.n_out = n_out;
    matrix.n_in = n_in;
    m_matrix_bytes += bytes;
    return matrix;
}

KvCache CudaBackend::makeKvCache(
    DType dtype, int n_layers, int n_kv_heads, int head_dim, int64_t capacity)
{
    const Turn turn(*this);
    if (!holdsCache(dtype))
        throw std::runtime_error(std::string("keys and values in ") + dtypeName(dtype)
            + ": expected f16, bf16 or q8 on " + name());
    if (head_dim < 2 || head_dim > kMostHeadDim || head_dim % 2 != 0)
        throw std::runtime_error("attention heads of " + std::to_string(head_dim)
            + " dimensions: expected an even number from 2 to " + std::to_string(kMostHeadDim)
            + " on " + name() + "; use the CPU");
    KvCache cache = shapedCache(dtype, n_layers, n_kv_heads, head_dim, capacity);
    cache.data = zeroed(cacheBytes(cache));
    return cache;
}

void CudaBackend::readKv(const KvCache& cache, int layer, int64_t slot, float* k, float* v)
{
    const Turn turn(*this);
    const size_t n = size_t(cache.n_kv_heads) * size_t(cache.head_dim);
    const Buffer rows = deviceBuffer(2 * n * sizeof(float));
    auto* const keys = rows.as<float>();
    enqueueReadKv(m_stream, cache, layer, slot, keys, keys + n);
    copyToHost(m_stream, k, keys, n * sizeof(float));
    copyToHost(m_stream, v, keys + n, n * sizeof(float));
    m_stream.synchronize();
    throwIfFailed();
}

void CudaBackend::attention(Tensor qkv, int n_heads, int64_t window, const KvCache& cache,
    int layer, const TreeTables* tree, const StepState* state, Tensor out)
{
    const Turn turn(*this, Turn::changes);
    // How many heads share one of the cache is known here first; a prompt comes before any graph.
    ScratchSizes sizes;
    sizes.addAttention(n_heads, cache);
    if (m_scratch.missing(sizes) > 0) {
        if (m_is_capturing) {
            m_must_run_once = true;
            return;
        }
        try {
            m_scratch.grow(m_stream, sizes);
        } catch (const std::bad_alloc&) {
            m_stream.fail("find memory for attention");
            return;
        } catch (const DeviceError& problem) {
            m_stream.fail(problem.what());
            return;
        }
    }
    const AttentionPlace place{m_scratch.attention(), m_scratch.attentionBytes(),
        m_facts.n_multiprocessors, m_facts.shared_bytes};
    enqueueAttention(m_stream, place, qkv, n_heads, window, cache, layer, tree, state, out);
}

Mailbox& CudaBackend::mailboxOf(const StepState* state)
{
    const auto found = m_mailboxes.find(state);
    return found != m_mailboxes.end() ? found->second
                                      : m_mailboxes.emplace(state, m_stream).first->second;
}

void CudaBackend::post(const StepState* state)
{
    mailboxOf(state).enqueuePost(m_stream, state);
    mailboxOf(state).posted(m_uploads.begun());
}

/// Memory was given back since: graphs may hold its address. Mailboxes of states that are gone
/// serve those that come to lie there, and are cleared away when they are many.
void CudaBackend::dropStale()
{
    constexpr size_t kMostMailboxes = 64;
    if (releaseCount() == m_seen_releases)
        return;
    m_stream.synchronize();
    m_graphs.clear();
    if (m_mailboxes.size() > kMostMailboxes)
        m_mailboxes.clear();
    m_posted = nullptr;
    m_seen_releases = releaseCount();
}

/// Whether there is a graph of the step now.
bool CudaBackend::capture(uint64_t key, const std::function<void()>& enqueue)
{
    CapturedStep step;
    step.key = key;
    m_accepted = nullptr;
    m_must_run_once = false;
    std::string problem;
    if (!m_stream.beginCapture(problem)) {
        m_graph_problem = problem;
        return false;
    }
    m_is_capturing = true;
    enqueue(); // operations do not throw
    m_is_capturing = false;
    if (m_accepted && m_mailboxes.contains(m_accepted)) { // else readRecord makes one and posts
        step.state = m_accepted;
        mailboxOf(step.state).enqueuePost(m_stream, step.state);
    }
    step.graph = m_stream.endCapture(problem);
    if (m_must_run_once || !m_stream.error().empty())
        return false;
    if (!step.graph) {
        m_graph_problem = problem.empty() ? "the driver made none" : problem;
        return false;
    }
    if (m_graphs.isFull())
        m_stream.synchronize();
    m_graphs.add(std::move(step));
    return true;
}

void CudaBackend::runStep(uint64_t key, const std::function<void()>& enqueue)
{
    const Turn turn(*this, Turn::changes);
    dropStale();
    if (!hasGraphs() || !(m_graphs.find(key) || capture(key, enqueue))) {
        enqueue(); // readRecord posts
        return;
    }
    const CapturedStep& step = *m_graphs.find(key);
    m_stream.replay(step.graph);
    if (step.state) {
        mailboxOf(step.state).posted(m_uploads.begun());
        m_posted = step.state;
    }
}

void CudaBackend::runPrefill(const std::function<void()>& enqueue)
{
    const Turn turn(*this, Turn::changes);
    m_is_prefilling = true;
    enqueue(); // operations do not throw
    m_is_prefilling = false;
}

void CudaBackend::readRecord(const StepState* state, StepRecord& record)
{
    const Turn turn(*this);
    throwIfFailed();
    if (m_posted != state)
        post(state);
    Mailbox& mailbox = mailboxOf(state);
    const StepRecord& arrived = mailbox.wait(m_stream);
    throwIfFailed();
    record = arrived;
    m_uploads.done(mailbox.uploadsBegun());
}

} // namespace

std::string describeDevice(const DeviceFacts& facts)
{
    return facts.name + ", compute capability " + std::to_string(facts.capability / 10) + "."
        + std::to_string(facts.capability % 10) + ", " + std::to_string(facts.n_multiprocessors)
        + " multiprocessors";
}

std::vector<Accelerator> listCudaDevices()
{
    const DeviceCount count = countDevices();
    std::vector<Accelerator> all;
    for (int i = 0; i < count.n; i++) {
        const DeviceFacts facts = readDevice(i);
        Accelerator one;
        one.name = "cuda:" + std::to_string(i);
        one.is_usable = facts.reason.empty();
        one.id = facts.id;
        one.description = facts.capability > 0 ? describeDevice(facts) : facts.name;
        one.reason = facts.reason;
        one.free_bytes = facts.free_bytes;
        one.total_bytes = facts.total_bytes;
        all.push_back(std::move(one));
    }
    if (all.empty())
        all.push_back(noAccelerator(count.reason));
    return all;
}

std::unique_ptr<Backend> makeCudaBackend(int device)
{
    const std::string name = "cuda:" + std::to_string(device);
    const DeviceCount count = countDevices();
    if (device < 0 || device >= count.n)
        throw std::runtime_error(
            name + ": " + (count.n == 0 ? count.reason : "there is no such device"));
    const DeviceFacts facts = readDevice(device);
    if (!facts.reason.empty())
        throw std::runtime_error(name + ": " + facts.reason);
    useDevice(device);
    try {
        return std::make_unique<CudaBackend>(device, facts);
    } catch (const std::bad_alloc&) {
        throw std::runtime_error(name + ": its memory is full");
    } catch (const DeviceError& problem) {
        throw std::runtime_error(name + ": it failed to " + problem.what());
    }
}

} // namespace gorgon::cuda
