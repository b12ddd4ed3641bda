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
            w.part[i] = loadHalves(step + 2 * (16 * k + i * kLanes));
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

int mostRows()
{
    return kMostRowsInRegisters;
}

} // namespace gorgon::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gorgon {

HWY_EXPORT(slab);
HWY_EXPORT(mostRows);

int floatMostRows()
{
    return HWY_DYNAMIC_DISPATCH(mostRows)();
}

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

} // namespace gorgon
#endif
