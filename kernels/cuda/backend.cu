// SPDX-License-Identifier: Apache-2.0
#include <new>
#include <stdexcept>
#include <utility>

#include "kernels/backend_failed.h"
#include "kernels/cuda/attention.h"
#include "kernels/cuda/device_backend.h"

namespace gorgon::cuda {

Buffer CudaBackend::zeroed(size_t bytes)
{
    if (bytes > SIZE_MAX / 2)
        throw std::bad_alloc();
    throwIfFailed();
    Buffer buffer = orFailed([&] { return deviceBuffer(bytes); });
    fillZero(m_stream, buffer.as<>(), buffer.bytes());
    return buffer;
}

/// The results of an operation that found no memory are not there; the device goes on.
void CudaBackend::throwIfShort()
{
    if (!std::exchange(m_is_short, false))
        return;
    m_stream.synchronize();
    throw std::bad_alloc();
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

ProductRows CudaBackend::inputOf(const Matrix& w, const ProductInput& x, bool has_sums)
{
    ProductRows rows = m_scratch.rows(w.dtype, w.n_in);
    if (!has_sums)
        rows.sums = nullptr; // cuBLAS has no use for them, and more rows take their place
    enqueueProductInput(m_stream, w.dtype, x, rows);
    return rows;
}

Matrix CudaBackend::makeMatrix(DType dtype, int64_t n_out, int64_t n_in)
{
    const Turn turn(*this);
    const size_t bytes = weightBytes(dtype, n_out, n_in);
    ScratchSizes sizes;
    sizes.addMatrix({dtype, n_out, n_in}, m_facts.n_multiprocessors);
    orFailed([&] { m_scratch.grow(m_stream, sizes); });
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
    const Buffer rows = orFailed([&] { return deviceBuffer(2 * n * sizeof(float)); });
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
            m_is_short = true; // readRecord says so
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

} // namespace gorgon::cuda
