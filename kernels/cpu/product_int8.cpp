// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/product_int8.h"

#include "kernels/cpu/processor.h"
#include "kernels/cpu/quantize.h"
#include "kernels/cpu/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/product_int8.cpp"
#include "hwy/foreach_target.h"

#include "kernels/cpu/block_scales.h"
#include "kernels/cpu/panel_output.h"
#include "kernels/cpu/simd.h"

#include "hwy/cache_control.h"

HWY_BEFORE_NAMESPACE();
namespace gorgon::HWY_NAMESPACE::int8 {

constexpr size_t kPrefetchBytes = 2368; // ahead in each panel

// Rows whose sums, in integers and in floats, fit into the registers beside a panel of weights; a
// few more than fit are still better than a second pass.
constexpr int kFittingRows = ((kRegisters - 2) / kParts - 1) / 2;
constexpr int kMostRows = kFittingRows >= 12 ? 12 : kFittingRows >= 3 ? 4 : kFittingRows + 1;

/// Panels side by side for a tile of M rows: 4, 2 or 1, which all divide kPanelGroup.
template <int M> constexpr int panelsBeside()
{
    constexpr int fit = (kRegisters - 2) / (kParts * (2 * M + 1));
    return fit >= 4 ? 4 : fit >= 2 ? 2 : 1;
}

using VI = hn::Vec<Ints>;

struct VI16
{
    VI part[kParts];
};

/// Bytes 4 j ... 4 j + 3 of k, 0 ... 255 (q8, offset by 128) or 0 ... 15.
template <DType dtype> HWY_INLINE VI16 weightBytes(const uint8_t* values, int j)
{
    const Ints d;
    const Words dw;
    VI16 w;
    GORGON_PARTS
    {
        if constexpr (dtype == DType::q8) {
            w.part[i]
                = hn::LoadU(d, reinterpret_cast<const int32_t*>(values + 64 * j) + i * kLanes);
        } else {
            const auto pairs = hn::LoadU(
                dw, reinterpret_cast<const uint32_t*>(values + 64 * (j / 2)) + i * kLanes);
            w.part[i] = hn::BitCast(d,
                hn::And(j % 2 == 0 ? pairs : hn::ShiftRight<4>(pairs), hn::Set(dw, 0x0F0F0F0FU)));
        }
    }
    return w;
}

namespace plain {
#include "kernels/cpu/product_int8_tile.h"
} // namespace plain

} // namespace gorgon::HWY_NAMESPACE::int8
HWY_AFTER_NAMESPACE();

// Highway 1.0.3 has no target with these instructions, so the tiles are compiled once more.
#undef GORGON_DOT
#if HWY_TARGET == HWY_AVX3
#define GORGON_DOT Instructions::avx512_vnni
HWY_PUSH_ATTRIBUTES(HWY_TARGET_STR ",avx512vnni")
namespace gorgon::HWY_NAMESPACE::int8::dot {
#define GORGON_DOT_512
#include "kernels/cpu/product_int8_tile.h"
#undef GORGON_DOT_512
} // namespace gorgon::HWY_NAMESPACE::int8::dot
HWY_POP_ATTRIBUTES
#elif HWY_TARGET == HWY_AVX2
#define GORGON_DOT Instructions::avx2_vnni
HWY_PUSH_ATTRIBUTES(HWY_TARGET_STR ",avxvnni")
namespace gorgon::HWY_NAMESPACE::int8::dot {
#define GORGON_DOT_256
#include "kernels/cpu/product_int8_tile.h"
#undef GORGON_DOT_256
} // namespace gorgon::HWY_NAMESPACE::int8::dot
HWY_POP_ATTRIBUTES
#elif HWY_TARGET == HWY_NEON && defined(GORGON_NEON_DOT)
#define GORGON_DOT Instructions::neon_dot
#if !defined(__ARM_FEATURE_DOTPROD)
HWY_PUSH_ATTRIBUTES("arch=armv8.2-a+dotprod")
#endif
namespace gorgon::HWY_NAMESPACE::int8::dot {
#define GORGON_DOT_128
#include "kernels/cpu/product_int8_tile.h"
#undef GORGON_DOT_128
} // namespace gorgon::HWY_NAMESPACE::int8::dot
#if !defined(__ARM_FEATURE_DOTPROD)
HWY_POP_ATTRIBUTES
#endif
#endif

HWY_BEFORE_NAMESPACE();
namespace gorgon::HWY_NAMESPACE {

void slabInt8(const Matrix& w, int64_t first, int n_panels, int64_t next, const RowTiles& tiles,
    int64_t column, const PanelOutput& out)
{
    const size_t panel_bytes = panelBytes(w.dtype, w.n_in);
    const uint8_t* const weights = w.data.as<const uint8_t>() + size_t(first) * panel_bytes;
    const uint8_t* const after
        = next < 0 ? weights : w.data.as<const uint8_t>() + size_t(next) * panel_bytes;
#if defined(GORGON_DOT)
    if (mayUse(GORGON_DOT)) {
        if (w.dtype == DType::q8)
            int8::dot::slabOf<int8::dot::ByteKernel<DType::q8>>(
                weights, after, panel_bytes, n_panels, tiles, column, out);
        else
            int8::dot::slabOf<int8::dot::ByteKernel<DType::q4>>(
                weights, after, panel_bytes, n_panels, tiles, column, out);
        return;
    }
#endif
    if (w.dtype == DType::q8)
        int8::plain::slabOf<int8::plain::ByteKernel<DType::q8>>(
            weights, after, panel_bytes, n_panels, tiles, column, out);
    else
        int8::plain::slabOf<int8::plain::ByteKernel<DType::q4>>(
            weights, after, panel_bytes, n_panels, tiles, column, out);
}

int mostRowsInt8()
{
    return int8::kMostRows;
}

void quantizeTile(DType dtype, const TilePart& part, bool in_pairs, float* out)
{
    const int n = part.n;
    const int64_t end = part.first + part.count;
    const Floats d;
    const Ints di;
    const hn::Rebind<int8_t, Ints> db;
    using VI = int8::VI;
    const auto magnitude = hn::Set(di, 0x7FFFFFFF);
    uint8_t* const bytes = reinterpret_cast<uint8_t*>(out);
    const int64_t n_blocks = paddedInputs(dtype, part.length) / 32;
    for (int r = 0; r < n; r++) {
        // Blocks that only pad become zeros: their weights are zeros, of scale zero.
        for (int64_t k = part.first; k < (end < part.length ? end : n_blocks * 32); k += 32) {
            const float* from = part.x + r * part.stride + (k - part.first);
            HWY_ALIGN float padded[32];
            if (end - k < 32) {
                for (int i = 0; i < 32; i++)
                    padded[i] = i < end - k ? from[i] : 0.0F;
                from = padded;
            }
            // Bits of magnitudes ascend with them, infinity and NaN above all.
            VI largest = hn::Zero(di);
            for (int i = 0; i < 32; i += kLanes)
                largest
                    = hn::Max(largest, hn::And(hn::BitCast(di, hn::LoadU(d, from + i)), magnitude));
            const int32_t top = hn::GetLane(hn::MaxOfLanes(di, largest));
            float most;
            __builtin_memcpy(&most, &top, sizeof most);
            const bool is_finite = top < 0x7F800000, is_zero = most < 1e-30F;
            const float scale = !is_finite ? __builtin_nanf("") : is_zero ? 0.0F : most / 127.0F;
            const V inverse = hn::Set(d, !is_finite || is_zero ? 0.0F : 127.0F / most);
            // Adding 1.5 * 2^23 leaves the integer, rounded to nearest even, in the last bits.
            const V rounder = hn::Set(d, 12582912.0F);
            HWY_ALIGN int8_t q[32];
            VI sums = hn::Zero(di);
            for (int i = 0; i < 32; i += kLanes) {
                VI v = hn::Zero(di);
                if (is_finite)
                    v = hn::Sub(
                        hn::BitCast(di, hn::Add(hn::Mul(hn::LoadU(d, from + i), inverse), rounder)),
                        hn::Set(di, 0x4B400000));
                sums = hn::Add(sums, v);
                hn::StoreU(hn::DemoteTo(db, v), db, q + i);
            }
            const int32_t sum = hn::GetLane(hn::SumOfLanes(di, sums));
            const int64_t b = k / 32;
            uint8_t* const scales
                = in_pairs ? bytes + (n_blocks * 32 + b * 8) * n : bytes + (b * 40 + 32) * n;
            if (in_pairs) {
                __builtin_memcpy(bytes + b / 2 * 64 * n + 64 * r + b % 2 * 32, q, 32);
            } else {
                for (int j = 0; j < 8; j++)
                    __builtin_memcpy(bytes + b * 40 * n + 4 * (j * n + r), q + 4 * j, 4);
            }
            __builtin_memcpy(scales + 4 * r, &scale, 4);
            const int32_t offset = -128 * sum;
            const float scaled = scale * float(sum);
            if (dtype == DType::q8)
                __builtin_memcpy(scales + 4 * (n + r), &offset, 4);
            else
                __builtin_memcpy(scales + 4 * (n + r), &scaled, 4);
        }
    }
}

} // namespace gorgon::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace gorgon {

HWY_EXPORT(slabInt8);
HWY_EXPORT(mostRowsInt8);
HWY_EXPORT(quantizeTile);

void int8Slab(const Matrix& w, int64_t first, int n_panels, int64_t next, const RowTiles& tiles,
    int64_t column, const PanelOutput& out)
{
    HWY_DYNAMIC_DISPATCH(slabInt8)(w, first, n_panels, next, tiles, column, out);
}

int int8MostRows()
{
    return HWY_DYNAMIC_DISPATCH(mostRowsInt8)();
}

void quantizeRowsOfTile(DType dtype, const TilePart& part, bool in_pairs, float* out)
{
    HWY_DYNAMIC_DISPATCH(quantizeTile)(dtype, part, in_pairs, out);
}

} // namespace gorgon
#endif
