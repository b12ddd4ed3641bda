// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/matmul.h"

#include <algorithm>

#include "kernels/cpu/product_input.h"

namespace gorgon {

namespace {

constexpr int64_t kSlabBytes = 512 << 10; // weights that stay in the second-level cache
constexpr int64_t kAloneBelow = 100000; // products that are done before a second thread has woken

/// Panels taken by a thread at once. One row tile needs no reuse, so small slabs; several tiles
/// want the slab to be read from memory once and the inputs once per slab.
int64_t panelsOfSlab(int64_t n_panels, size_t panel_bytes, int n_tiles, int n_threads)
{
    if (n_tiles == 1)
        return kPanelGroup;
    const int64_t fit = kSlabBytes / int64_t(panel_bytes);
    const int64_t fair = n_panels / (4 * n_threads);
    return std::max<int64_t>(std::min(fit, fair) / kPanelGroup, 1) * kPanelGroup;
}

} // namespace

void cpuMatmul(ThreadPool& pool, float* packed, const Matrix& w, const ProductInput& x,
    const float* bias, Epilogue epilogue, Tensor y)
{
    const int64_t n_panels = panelCount(w.n_out);
    InputPacking packing(w.dtype, x, packed, pool.size());
    const RowTiles& tiles = packing.tiles();
    const int64_t per_slab
        = panelsOfSlab(n_panels, panelBytes(w.dtype, w.n_in), tiles.count(), pool.size());
    const int64_t n_slabs = (n_panels + per_slab - 1) / per_slab;
    const PanelOutput out{y.data, y.cols, w.n_out, bias, epilogue == Epilogue::add};
    const auto slab = [&](int64_t i, int64_t next) {
        const int64_t first = i * per_slab;
        productSlab(w, first, int(std::min(per_slab, n_panels - first)),
            next < 0 ? -1 : next * per_slab, tiles, first * kPanel, out);
    };
    if (pool.size() == 1 || w.n_out * w.n_in * y.rows < kAloneBelow) {
        packing.finish();
        for (int64_t i = 0; i < n_slabs; i++)
            slab(i, i + 1 < n_slabs ? i + 1 : -1);
        endSlabs(tiles);
        return;
    }
    WorkRanges& slabs = pool.split(n_slabs);
    auto takeSlabs = [&](int thread) {
        packing.finish();
        for (int64_t i; (i = slabs.take(thread)) >= 0;)
            slab(i, slabs.next(thread));
        endSlabs(tiles);
    };
    pool.run(takeSlabs);
}

} // namespace gorgon
