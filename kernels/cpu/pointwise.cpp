// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/pointwise.h"

#include <cassert>

#include "kernels/cpu/kv_store.h"
#include "kernels/cpu/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/pointwise.cpp"
#include "hwy/foreach_target.h"

#include "kernels/cpu/pointwise_rows.h"

HWY_BEFORE_NAMESPACE();
namespace gorgon::HWY_NAMESPACE {

void rmsNormRow(const float* x, const float* weight, float eps, int64_t n, float* y)
{
    normColumns(x, weight, rmsScale(x, eps, n), n, y);
}

void siluMulRow(const float* gate, const float* up, int64_t n, float* h)
{
    gateColumns(gate, up, n, h);
}

void addSiluRow(const float* h, const float* x, int64_t n, float* y)
{
    forLanes(n, [=](auto d, int64_t k) HWY_ATTR {
        hn::StoreU(hn::Add(hn::LoadU(d, x + k), silu(d, hn::LoadU(d, h + k))), d, y + k);
    });
}

/// Rotates the pairs (d, d + half) of one head.
void rotate(const float* cosines, const float* sines, int64_t half, float* x)
{
    forLanes(half, [=](auto d, int64_t k) HWY_ATTR {
        const auto c = hn::LoadU(d, cosines + k), s = hn::LoadU(d, sines + k);
        const auto a = hn::LoadU(d, x + k), b = hn::LoadU(d, x + half + k);
        hn::StoreU(hn::Sub(hn::Mul(a, c), hn::Mul(b, s)), d, x + k);
        hn::StoreU(hn::Add(hn::Mul(b, c), hn::Mul(a, s)), d, x + half + k);
    });
}

} // namespace gorgon::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gorgon {

HWY_EXPORT(rmsNormRow);
HWY_EXPORT(siluMulRow);
HWY_EXPORT(addSiluRow);
HWY_EXPORT(rotate);

namespace {

/// body(row) for all rows; by all threads where that saves more than waking them costs.
template <class Body> void forRows(ThreadPool& pool, int64_t rows, int64_t cols, const Body& body)
{
    constexpr int64_t kAloneBelow = 16384;
    constexpr int64_t kRowsAtOnce = 4;
    if (rows * cols < kAloneBelow) {
        for (int64_t row = 0; row < rows; row++)
            body(row);
        return;
    }
    pool.forEach((rows + kRowsAtOnce - 1) / kRowsAtOnce, [&](int64_t item, int) {
        for (int64_t row = item * kRowsAtOnce; row < rows && row < (item + 1) * kRowsAtOnce; row++)
            body(row);
    });
}

} // namespace

void cpuRmsNorm(ThreadPool& pool, Tensor x, const float* weight, float eps, Tensor y)
{
    forRows(pool, x.rows, x.cols, [&](int64_t row) {
        HWY_DYNAMIC_DISPATCH(rmsNormRow)
        (x.data + row * x.cols, weight, eps, x.cols, y.data + row * y.cols);
    });
}

void cpuSiluMul(ThreadPool& pool, Tensor gate_up, Tensor h)
{
    forRows(pool, h.rows, h.cols, [&](int64_t row) {
        const float* const gate = gate_up.data + row * gate_up.cols;
        HWY_DYNAMIC_DISPATCH(siluMulRow)(gate, gate + h.cols, h.cols, h.data + row * h.cols);
    });
}

void cpuAddSilu(ThreadPool& pool, Tensor h, Tensor x, Tensor y)
{
    forRows(pool, x.rows, x.cols, [&](int64_t row) {
        HWY_DYNAMIC_DISPATCH(addSiluRow)
        (h.data + row * h.cols, x.data + row * x.cols, x.cols, y.data + row * y.cols);
    });
}

void cpuRopeAndStore(ThreadPool& pool, Tensor qkv, int n_heads, const HeadNorms& norms,
    const RopeTable& rope, KvCache& cache, int layer, const TreeTables* tree,
    const StepState* state)
{
    const KvLayout layout(cache, layer);
    const int64_t head_dim = cache.head_dim, half = head_dim / 2;
    forRows(pool, qkv.rows, qkv.cols, [&](int64_t row) {
        const int64_t position = state->kv_len + depthOf(tree, row);
        const int64_t slot = state->kv_len + row;
        assert(slot < cache.capacity);
        float* const q = qkv.data + row * qkv.cols;
        float* const k = q + n_heads * head_dim;
        const float* const v = k + cache.n_kv_heads * head_dim;
        for (int head = 0; head < n_heads + cache.n_kv_heads; head++) {
            float* const x = q + head * head_dim;
            if (const float* const weight = head < n_heads ? norms.q : norms.k)
                HWY_DYNAMIC_DISPATCH(rmsNormRow)(x, weight, norms.eps, head_dim, x);
            if (rope.cos.data) {
                assert(position < rope.cos.rows);
                HWY_DYNAMIC_DISPATCH(rotate)
                (rope.cos.data + position * half, rope.sin.data + position * half, half, x);
            }
        }
        for (int head = 0; head < cache.n_kv_heads; head++)
            storeKv(layout, head, slot, k + head * head_dim, v + head * head_dim);
    });
}

} // namespace gorgon
#endif
