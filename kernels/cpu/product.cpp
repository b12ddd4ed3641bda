// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/product.h"

#include "kernels/cpu/product_int8.h"

#include "kernels/cpu/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/product.cpp"
#include "hwy/foreach_target.h"

#include "kernels/cpu/panel_output.h"
#include "kernels/cpu/simd.h"

#include "hwy/cache_control.h"

HWY_BEFORE_NAMESPACE();
namespace gorgon::HWY_NAMESPACE {

// Weights are read in steps of 64 bytes per panel: two k of bf16 and f16, one of f32.
template <DType dtype> constexpr int kStep = dtype == DType::f32 ? 1 : 2;
constexpr size_t kStepBytes = 64;
constexpr int64_t kPrefetchSteps = 32; // 2 KB ahead in each panel

// Rows whose sums fit into the registers beside one panel of weights and a broadcast input.
constexpr int kFittingRows = (kRegisters - 1) / kParts - 1;
constexpr int kMostRows = kFittingRows < 1 ? 1 : kFittingRows > 12 ? 12 : kFittingRows;

/// Panels side by side for a tile of M rows: 4, 2 or 1, which all divide kPanelGroup.
template <int M> constexpr int panelsBeside()
{
    constexpr int fit = M == 1 ? 8 / kParts : (kRegisters - 1) / (kParts * (M + 1));
    return fit >= 4 ? 4 : fit >= 2 ? 2 : 1;
}

/// The weights of k-th place `k` of a step.
template <DType dtype, int k> HWY_INLINE V16 weights16(const uint8_t* step)
{
    const Floats d;
    V16 w;
    GORGON_PARTS
    {
        if constexpr (dtype == DType::f32) {
            w.part[i] = hn::LoadU(d, reinterpret_cast<const float*>(step) + i * kLanes);
        } else if constexpr (dtype == DType::bf16) {
            const Words dw;
            const auto pairs = hn::LoadU(dw, reinterpret_cast<const uint32_t*>(step) + i * kLanes);
            if constexpr (k == 0)
                w.part[i] = hn::BitCast(d, hn::ShiftLeft<16>(pairs));
            else
                w.part[i] = hn::BitCast(d, hn::And(pairs, hn::Set(dw, 0xFFFF0000U)));
        } else {
            const hn::Rebind<hwy::float16_t, Floats> dh;
            w.part[i] = hn::PromoteTo(d,
                hn::LoadU(dh, reinterpret_cast<const hwy::float16_t*>(step) + 16 * k + i * kLanes));
        }
    }
    return w;
}

template <DType dtype, int k, int M, int P>
HWY_INLINE void addOneK(const uint8_t* w, size_t panel_bytes, const float* x, V16 (&sums)[M][P])
{
    V16 weights[P];
    HWY_UNROLL(4)
    for (int p = 0; p < P; p++)
        weights[p] = weights16<dtype, k>(w + size_t(p) * panel_bytes);
    HWY_UNROLL(16)
    for (int r = 0; r < M; r++) {
        const V input = hn::Set(Floats(), x[k * M + r]);
        HWY_UNROLL(4)
        for (int p = 0; p < P; p++)
            GORGON_PARTS sums[r][p].part[i]
                = hn::MulAdd(weights[p].part[i], input, sums[r][p].part[i]);
    }
}

template <DType dtype, int M, int P>
HWY_INLINE void addSteps(int64_t n_steps, const uint8_t* w, size_t panel_bytes, const float* x,
    const uint8_t* ahead, V16 (&sums)[M][P])
{
    for (int64_t step = 0; step < n_steps; step++) {
        HWY_UNROLL(4)
        for (int p = 0; p < P; p++)
            hwy::Prefetch(ahead + size_t(p) * panel_bytes);
        addOneK<dtype, 0, M, P>(w, panel_bytes, x, sums);
        if constexpr (kStep<dtype> == 2)
            addOneK<dtype, 1, M, P>(w, panel_bytes, x, sums);
        w += kStepBytes;
        ahead += kStepBytes;
        x += kStep<dtype> * M;
    }
}

/// P panels for M rows; `next`: panels that this thread will read after them.
template <DType dtype, int M, int P>
HWY_INLINE void productTile(const uint8_t* weights, const uint8_t* next, size_t panel_bytes,
    const float* x, int64_t row, int64_t column, const PanelOutput& out)
{
    V16 sums[M][P];
    HWY_UNROLL(16)
    for (int r = 0; r < M; r++) {
        HWY_UNROLL(4)
        for (int p = 0; p < P; p++)
            sums[r][p] = set16(0.0F);
    }
    const int64_t n_steps = int64_t(panel_bytes / kStepBytes);
    const int64_t n_last = n_steps < kPrefetchSteps ? n_steps : kPrefetchSteps;
    const int64_t n_first = n_steps - n_last;
    addSteps<dtype, M, P>(
        n_first, weights, panel_bytes, x, weights + size_t(kPrefetchSteps) * kStepBytes, sums);
    addSteps<dtype, M, P>(n_last, weights + size_t(n_first) * kStepBytes, panel_bytes,
        x + n_first * kStep<dtype> * M, next, sums);
    HWY_ALIGN float results[M * P * kPanel];
    HWY_UNROLL(16)
    for (int r = 0; r < M; r++) {
        HWY_UNROLL(4)
        for (int p = 0; p < P; p++)
            store16(sums[r][p], results + (r * P + p) * kPanel);
    }
    writeSums(results, M, int(P * kPanel), row, column, out);
}

template <DType dtype, int M>
HWY_NOINLINE void productRows(const uint8_t* weights, const uint8_t* next, size_t panel_bytes,
    int n_panels, const float* x, int64_t row, int64_t column, const PanelOutput& out)
{
    constexpr int P = panelsBeside<M>();
    for (int p = 0; p < n_panels; p += P) {
        const uint8_t* const w = weights + size_t(p) * panel_bytes;
        productTile<dtype, M, P>(w, p + P < n_panels ? w + P * panel_bytes : next, panel_bytes, x,
            row, column + p * kPanel, out);
    }
}

template <DType dtype>
void slabOfType(const uint8_t* weights, const uint8_t* next, size_t panel_bytes, int n_panels,
    const RowTiles& tiles, int64_t column, const PanelOutput& out)
{
    const int n_tiles = tiles.count();
    for (int tile = 0; tile < n_tiles; tile++) {
        const int row = tiles.firstRow(tile), rows = tiles.firstRow(tile + 1) - row;
        const float* const x = tiles.x + row * tiles.row_floats;
        const uint8_t* const after = tile + 1 < n_tiles ? weights : next;
        switch (rows) {
#define GORGON_ROWS(M)                                                                             \
    case M:                                                                                        \
        if constexpr (M <= kMostRows)                                                              \
            productRows<dtype, M>(weights, after, panel_bytes, n_panels, x, row, column, out);     \
        break;
            GORGON_ROWS(1)
            GORGON_ROWS(2)
            GORGON_ROWS(3)
            GORGON_ROWS(4)
            GORGON_ROWS(5)
            GORGON_ROWS(6)
            GORGON_ROWS(7)
            GORGON_ROWS(8)
            GORGON_ROWS(9)
            GORGON_ROWS(10)
            GORGON_ROWS(11)
            GORGON_ROWS(12)
#undef GORGON_ROWS
        default:
            break;
        }
    }
}

void slab(const Matrix& w, int64_t first, int n_panels, int64_t next, const RowTiles& tiles,
    int64_t column, const PanelOutput& out)
{
    const size_t panel_bytes = panelBytes(w.dtype, w.n_in);
    const uint8_t* const weights = w.data.as<const uint8_t>() + size_t(first) * panel_bytes;
    const uint8_t* const after
        = next < 0 ? weights : w.data.as<const uint8_t>() + size_t(next) * panel_bytes;
    if (w.dtype == DType::f32)
        slabOfType<DType::f32>(weights, after, panel_bytes, n_panels, tiles, column, out);
    else if (w.dtype == DType::bf16)
        slabOfType<DType::bf16>(weights, after, panel_bytes, n_panels, tiles, column, out);
    else
        slabOfType<DType::f16>(weights, after, panel_bytes, n_panels, tiles, column, out);
}

int mostRows()
{
    return kMostRows;
}

/// Transposes n rows of `length` floats into out[k][n], k up to `padded` with zeros.
void packRowsOfTile(const float* x, int64_t length, int n, int64_t padded, float* out)
{
    int r = 0;
#if HWY_TARGET != HWY_SCALAR
    const hn::FixedTag<float, 4> d;
    for (; r + 4 <= n; r += 4) {
        const float* const row = x + r * length;
        int64_t k = 0;
        for (; k + 4 <= length; k += 4) {
            const auto a = hn::LoadU(d, row + k), b = hn::LoadU(d, row + length + k);
            const auto e = hn::LoadU(d, row + 2 * length + k),
                       f = hn::LoadU(d, row + 3 * length + k);
            const auto ab = hn::InterleaveLower(d, a, b), ef = hn::InterleaveLower(d, e, f);
            const auto ab_up = hn::InterleaveUpper(d, a, b), ef_up = hn::InterleaveUpper(d, e, f);
            float* const to = out + k * n + r;
            hn::StoreU(hn::ConcatLowerLower(d, ef, ab), d, to);
            hn::StoreU(hn::ConcatUpperUpper(d, ef, ab), d, to + n);
            hn::StoreU(hn::ConcatLowerLower(d, ef_up, ab_up), d, to + 2 * n);
            hn::StoreU(hn::ConcatUpperUpper(d, ef_up, ab_up), d, to + 3 * n);
        }
        for (; k < length; k++)
            for (int i = 0; i < 4; i++)
                out[k * n + r + i] = row[i * length + k];
    }
#endif
    for (; r < n; r++)
        for (int64_t k = 0; k < length; k++)
            out[k * n + r] = x[r * length + k];
    for (int64_t i = length * n; i < padded * n; i++)
        out[i] = 0.0F;
}

} // namespace gorgon::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gorgon {

HWY_EXPORT(slab);
HWY_EXPORT(mostRows);
HWY_EXPORT(packRowsOfTile);

void productSlab(const Matrix& w, int64_t first, int n_panels, int64_t next, const RowTiles& tiles,
    int64_t column, const PanelOutput& out)
{
    if (isQuantized(w.dtype))
        int8Slab(w, first, n_panels, next, tiles, column, out);
    else
        HWY_DYNAMIC_DISPATCH(slab)(w, first, n_panels, next, tiles, column, out);
}

RowTiles packInputs(ThreadPool& pool, DType dtype, Tensor x, float* packed)
{
    constexpr int64_t kAloneBelow = 65536;
    const bool quantized = isQuantized(dtype);
    const RowTiles tiles{packed, packedFloats(dtype, x.cols), int(x.rows),
        quantized ? int8MostRows() : HWY_DYNAMIC_DISPATCH(mostRows)()};
    if (tiles.m == 1 && tiles.row_floats == x.cols && !quantized) {
        RowTiles alone = tiles;
        alone.x = x.data;
        return alone;
    }
    const auto pack = [&](int64_t tile, int) {
        const int first = tiles.firstRow(int(tile)), n = tiles.firstRow(int(tile) + 1) - first;
        const float* const from = x.data + first * x.cols;
        float* const to = packed + first * tiles.row_floats;
        if (quantized)
            quantizeRowsOfTile(dtype, from, x.cols, n, to);
        else
            HWY_DYNAMIC_DISPATCH(packRowsOfTile)(from, x.cols, n, tiles.row_floats, to);
    };
    if (x.rows * x.cols < kAloneBelow) {
        for (int tile = 0; tile < tiles.count(); tile++)
            pack(tile, 0);
    } else {
        pool.forEach(tiles.count(), pack);
    }
    return tiles;
}

} // namespace gorgon
#endif
