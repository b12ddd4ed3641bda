// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/matmul.h"

#include "kernels/cpu/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/matmul.cpp"
#include "hwy/foreach_target.h"

#include "kernels/cpu/panel_product.h"

HWY_BEFORE_NAMESPACE();
namespace gorgon::HWY_NAMESPACE {

constexpr int64_t kSlabBytes = 512 << 10; // weights that stay in the second-level cache
constexpr int64_t kAloneBelow = 100000; // products that are done before a second thread has woken

/// Panels taken by a thread at once: a multiple of 4. One row tile needs no reuse, so small slabs;
/// several tiles want the slab to be read from memory once and the inputs once per slab.
int64_t panelsOfSlab(int64_t n_panels, size_t panel_bytes, int n_tiles, int n_threads)
{
    int64_t panels = 4;
    if (n_tiles > 1) {
        const int64_t fit = kSlabBytes / int64_t(panel_bytes) / 4 * 4;
        const int64_t fair = n_panels / (4 * n_threads) / 4 * 4;
        const int64_t wanted = fit < fair ? fit : fair;
        panels = wanted > panels ? wanted : panels;
    }
    return panels;
}

void matmul(ThreadPool& pool, float* packed, const Matrix& w, Tensor x, const float* bias,
    Epilogue epilogue, Tensor y)
{
    const size_t panel_bytes = panelBytes(w.dtype, w.n_in);
    const int64_t n_panels = panelCount(w.n_out);
    const RowTiles tiles = packInputs(pool, w.dtype, x, packed);
    const int64_t per_slab = panelsOfSlab(n_panels, panel_bytes, tiles.count(), pool.size());
    const int64_t n_slabs = (n_panels + per_slab - 1) / per_slab;
    const PanelOutput out{y.data, y.cols, w.n_out, bias, epilogue == Epilogue::add};
    const uint8_t* const weights = w.data.as<const uint8_t>();
    const auto slab = [&](int64_t i, int64_t next) {
        const int64_t first = i * per_slab;
        const int64_t left = n_panels - first;
        productSlabOf(w.dtype, weights + size_t(first) * panel_bytes,
            next < n_slabs ? weights + size_t(next * per_slab) * panel_bytes : nullptr, panel_bytes,
            int(left < per_slab ? left : per_slab), tiles, first * kPanel, out);
    };
    if (pool.size() == 1 || w.n_out * w.n_in * x.rows < kAloneBelow) {
        for (int64_t i = 0; i < n_slabs; i++)
            slab(i, i + 1);
        return;
    }
    std::atomic<int64_t> taken = 0;
    auto takeSlabs = [&](int) {
        // note: the next slab is taken before this one is done, so that its head can be prefetched.
        int64_t i = taken.fetch_add(1, std::memory_order_relaxed);
        while (i < n_slabs) {
            const int64_t next = taken.fetch_add(1, std::memory_order_relaxed);
            slab(i, next);
            i = next;
        }
    };
    pool.run(takeSlabs);
}

} // namespace gorgon::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gorgon {

HWY_EXPORT(matmul);

void cpuMatmul(ThreadPool& pool, float* packed, const Matrix& w, Tensor x, const float* bias,
    Epilogue epilogue, Tensor y)
{
    HWY_DYNAMIC_DISPATCH(matmul)(pool, packed, w, x, bias, epilogue, y);
}

} // namespace gorgon
#endif
