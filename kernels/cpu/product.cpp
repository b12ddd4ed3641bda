// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/product.h"

#include "kernels/cpu/processor.h"
#include "kernels/cpu/product_amx.h"
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
constexpr int kMostRowsInRegisters = kFittingRows < 1 ? 1 : kFittingRows > 12 ? 12 : kFittingRows;

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

/// Weights of f32, bf16 or f16 times inputs in f32, [k][rows].
template <DType dtype> struct FloatStep
{
    static constexpr int kInputBytes = kStep<dtype> * int(sizeof(float));

    template <int M, int P>
    static HWY_INLINE void add(
        const uint8_t* w, size_t panel_bytes, const uint8_t* x, V16 (&sums)[M][P])
    {
        const float* const inputs = reinterpret_cast<const float*>(x);
        addOneK<dtype, 0, M, P>(w, panel_bytes, inputs, sums);
        if constexpr (kStep<dtype> == 2)
            addOneK<dtype, 1, M, P>(w, panel_bytes, inputs, sums);
    }
};

namespace plain {
#include "kernels/cpu/product_rows.h"
#include "kernels/cpu/product_tile.h"
} // namespace plain

} // namespace gorgon::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

// Highway 1.0.3 has no target with dot products of bf16, so the tiles are compiled once more.
#if HWY_TARGET == HWY_AVX3
HWY_PUSH_ATTRIBUTES(HWY_TARGET_STR ",avx512bf16")
namespace gorgon::HWY_NAMESPACE::dot {

/// Weights of bf16 times inputs rounded to bf16, [k / 2][rows][2].
struct PairStep
{
    static constexpr int kInputBytes = 4;

    template <int M, int P>
    static HWY_INLINE void add(
        const uint8_t* w, size_t panel_bytes, const uint8_t* x, V16 (&sums)[M][P])
    {
        __m512bh weights[P];
        HWY_UNROLL(4)
        for (int p = 0; p < P; p++)
            weights[p] = (__m512bh)_mm512_loadu_si512(w + size_t(p) * panel_bytes);
        HWY_UNROLL(16)
        for (int r = 0; r < M; r++) {
            int32_t pair;
            __builtin_memcpy(&pair, x + 4 * r, sizeof pair);
            const auto input = (__m512bh)_mm512_set1_epi32(pair);
            HWY_UNROLL(4)
            for (int p = 0; p < P; p++)
                sums[r][p].part[0].raw
                    = _mm512_dpbf16_ps(sums[r][p].part[0].raw, weights[p], input);
        }
    }
};

#include "kernels/cpu/product_rows.h"
#include "kernels/cpu/product_tile.h"

/// n rows of `length` floats, rounded to nearest even, as [k / 2][n][2].
static void pairRows(const float* x, int64_t length, int n, float* out)
{
    const int64_t n_pairs = (length + 1) / 2;
    for (int r = 0; r < n; r++) {
        const float* const row = x + r * length;
        for (int64_t first = 0; first < n_pairs; first += 8) {
            const int64_t left = length - 2 * first;
            const __mmask16 there = left < 16 ? __mmask16((1U << left) - 1) : __mmask16(0xFFFF);
            HWY_ALIGN uint32_t pairs[8];
            _mm256_store_si256(reinterpret_cast<__m256i*>(pairs),
                (__m256i)_mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(there, row + 2 * first)));
            const int64_t count = n_pairs - first < 8 ? n_pairs - first : 8;
            for (int64_t i = 0; i < count; i++)
                __builtin_memcpy(out + (first + i) * n + r, &pairs[i], 4);
        }
    }
}

} // namespace gorgon::HWY_NAMESPACE::dot
HWY_POP_ATTRIBUTES
#endif

HWY_BEFORE_NAMESPACE();
namespace gorgon::HWY_NAMESPACE {

void slab(const Matrix& w, int64_t first, int n_panels, int64_t next, const RowTiles& tiles,
    int64_t column, const PanelOutput& out)
{
    const size_t panel_bytes = panelBytes(w.dtype, w.n_in);
    const uint8_t* const weights = w.data.as<const uint8_t>() + size_t(first) * panel_bytes;
    const uint8_t* const after
        = next < 0 ? weights : w.data.as<const uint8_t>() + size_t(next) * panel_bytes;
#if HWY_TARGET == HWY_AVX3
    if (tiles.form == InputForm::pairs) {
        using Kernel = dot::StepKernel<dot::PairStep>;
        dot::slabOf<Kernel>(weights, after, panel_bytes, n_panels, tiles, column, out);
        return;
    }
#endif
    const auto multiply = w.dtype == DType::f32
        ? plain::slabOf<plain::StepKernel<FloatStep<DType::f32>>>
        : w.dtype == DType::bf16 ? plain::slabOf<plain::StepKernel<FloatStep<DType::bf16>>>
                                 : plain::slabOf<plain::StepKernel<FloatStep<DType::f16>>>;
    multiply(weights, after, panel_bytes, n_panels, tiles, column, out);
}

void packPairs(const float* x, int64_t length, int n, float* out)
{
#if HWY_TARGET == HWY_AVX3
    dot::pairRows(x, length, n, out);
#else
    (void)x, (void)length, (void)n, (void)out;
#endif
}

int mostRows()
{
    return kMostRowsInRegisters;
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
HWY_EXPORT(packPairs);

namespace {

// From so many rows on, tiles of bytes are faster than dot products; they have the same bits.
constexpr int64_t kByteTilesFrom = 9;

/// By the weights alone, but for the number of rows where it changes no bits.
InputForm inputForm(DType dtype, Tensor x)
{
    const bool amx = mayUse(Instructions::amx);
    if (isQuantized(dtype))
        return amx && x.rows >= kByteTilesFrom ? InputForm::byte_tiles : InputForm::bytes;
    if (dtype != DType::bf16 || x.cols < kWideFrom)
        return InputForm::floats;
    if (amx && x.cols % 32 == 0)
        return InputForm::split_tiles;
    return prefersBf16Dot() ? InputForm::pairs : InputForm::floats;
}

int mostRowsOf(InputForm form)
{
    switch (form) {
    case InputForm::floats:
    case InputForm::pairs:
        return HWY_DYNAMIC_DISPATCH(mostRows)();
    case InputForm::bytes:
        return int8MostRows();
    default:
        return kTileRows;
    }
}

void packTile(DType dtype, const RowTiles& tiles, const float* x, int64_t length, int n, float* to)
{
    if (tiles.form == InputForm::floats)
        HWY_DYNAMIC_DISPATCH(packRowsOfTile)(x, length, n, tiles.row_floats, to);
    else if (tiles.form == InputForm::pairs)
        HWY_DYNAMIC_DISPATCH(packPairs)(x, length, n, to);
    else if (tiles.form == InputForm::split_tiles)
        splitRowsOfTile(x, length, n, to);
    else
        quantizeRowsOfTile(dtype, x, length, n, tiles.form == InputForm::byte_tiles, to);
}

} // namespace

void productSlab(const Matrix& w, int64_t first, int n_panels, int64_t next, const RowTiles& tiles,
    int64_t column, const PanelOutput& out)
{
    if (tiles.form == InputForm::floats || tiles.form == InputForm::pairs)
        HWY_DYNAMIC_DISPATCH(slab)(w, first, n_panels, next, tiles, column, out);
    else if (tiles.form == InputForm::bytes)
        int8Slab(w, first, n_panels, next, tiles, column, out);
    else
        amxSlab(w, first, n_panels, next, tiles, column, out);
}

void endSlabs(const RowTiles& tiles)
{
    if (tiles.form == InputForm::byte_tiles || tiles.form == InputForm::split_tiles)
        amxRelease();
}

RowTiles packInputs(ThreadPool& pool, DType dtype, Tensor x, float* packed)
{
    constexpr int64_t kAloneBelow = 65536;
    RowTiles tiles{.x = packed, .row_floats = packedFloats(dtype, x.cols), .m = int(x.rows)};
    tiles.form = inputForm(dtype, x);
    tiles.most_rows = mostRowsOf(tiles.form);
    if (tiles.m == 1 && tiles.row_floats == x.cols && tiles.form == InputForm::floats) {
        tiles.x = x.data;
        return tiles;
    }
    const auto pack = [&](int64_t tile, int) {
        const int first = tiles.firstRow(int(tile)), n = tiles.firstRow(int(tile) + 1) - first;
        packTile(
            dtype, tiles, x.data + first * x.cols, x.cols, n, packed + first * tiles.row_floats);
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
