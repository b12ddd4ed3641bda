// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/product_input.h"

#include "kernels/cpu/processor.h"
#include "kernels/cpu/product_amx.h"
#include "kernels/cpu/product_int8.h"

#include "kernels/cpu/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/product_input.cpp"
#include "hwy/foreach_target.h"

#include "kernels/cpu/pointwise_rows.h"
#include "kernels/cpu/simd.h"

#if HWY_TARGET == HWY_AVX3
HWY_PUSH_ATTRIBUTES(HWY_TARGET_STR ",avx512bf16")
namespace gorgon::HWY_NAMESPACE {

/// Rounded to nearest even, as [k / 2][n][2].
void packPairs(const TilePart& part, float* out)
{
    const int64_t n_pairs = (part.count + 1) / 2;
    for (int r = 0; r < part.n; r++) {
        const float* const row = part.x + r * part.stride;
        for (int64_t first = 0; first < n_pairs; first += 8) {
            const int64_t left = part.count - 2 * first;
            const __mmask16 there = left < 16 ? __mmask16((1U << left) - 1) : __mmask16(0xFFFF);
            HWY_ALIGN uint32_t pairs[8];
            _mm256_store_si256(reinterpret_cast<__m256i*>(pairs),
                (__m256i)_mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(there, row + 2 * first)));
            const int64_t count = n_pairs - first < 8 ? n_pairs - first : 8;
            float* const to = out + (part.first / 2 + first) * part.n + r;
            for (int64_t i = 0; i < count; i++)
                __builtin_memcpy(to + i * part.n, &pairs[i], 4);
        }
    }
}

} // namespace gorgon::HWY_NAMESPACE
HWY_POP_ATTRIBUTES
#else
namespace gorgon::HWY_NAMESPACE {
void packPairs(const TilePart&, float*) { }
} // namespace gorgon::HWY_NAMESPACE
#endif

HWY_BEFORE_NAMESPACE();
namespace gorgon::HWY_NAMESPACE {

/// As out[k][n], zeros up to `padded` behind the last column.
void packFloats(const TilePart& part, int64_t padded, float* out)
{
    const int n = part.n;
    float* const to = out + part.first * n;
    int r = 0;
#if HWY_TARGET != HWY_SCALAR
    const hn::FixedTag<float, 4> d;
    for (; r + 4 <= n; r += 4) {
        const float* const row0 = part.x + r * part.stride;
        const float* const row1 = row0 + part.stride;
        const float* const row2 = row1 + part.stride;
        const float* const row3 = row2 + part.stride;
        int64_t k = 0;
        for (; k + 4 <= part.count; k += 4) {
            const auto a = hn::LoadU(d, row0 + k), b = hn::LoadU(d, row1 + k);
            const auto e = hn::LoadU(d, row2 + k), f = hn::LoadU(d, row3 + k);
            const auto ab = hn::InterleaveLower(d, a, b), ef = hn::InterleaveLower(d, e, f);
            const auto ab_up = hn::InterleaveUpper(d, a, b), ef_up = hn::InterleaveUpper(d, e, f);
            float* const four = to + k * n + r;
            hn::StoreU(hn::ConcatLowerLower(d, ef, ab), d, four);
            hn::StoreU(hn::ConcatUpperUpper(d, ef, ab), d, four + n);
            hn::StoreU(hn::ConcatLowerLower(d, ef_up, ab_up), d, four + 2 * n);
            hn::StoreU(hn::ConcatUpperUpper(d, ef_up, ab_up), d, four + 3 * n);
        }
        for (; k < part.count; k++)
            for (int i = 0; i < 4; i++)
                to[k * n + r + i] = row0[i * part.stride + k];
    }
#endif
    for (; r < n; r++)
        for (int64_t k = 0; k < part.count; k++)
            to[k * n + r] = part.x[r * part.stride + k];
    if (part.first + part.count == part.length)
        for (int64_t i = part.length * n; i < padded * n; i++)
            out[i] = 0.0F;
}

float scaleOfRow(const float* x, float eps, int64_t n)
{
    return rmsScale(x, eps, n);
}

void normRowPart(const float* x, const float* weight, float scale, int64_t n, float* y)
{
    normColumns(x, weight, scale, n, y);
}

void gateRowPart(const float* gate, const float* up, int64_t n, float* h)
{
    gateColumns(gate, up, n, h);
}

} // namespace gorgon::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

#include <algorithm>

namespace gorgon {

HWY_EXPORT(packPairs);
HWY_EXPORT(packFloats);
HWY_EXPORT(scaleOfRow);
HWY_EXPORT(normRowPart);
HWY_EXPORT(gateRowPart);

namespace {

constexpr int kMostTileRows = 16;
constexpr int64_t kAloneBelow = 16384; // elements
constexpr int64_t kPartElements = 4096; // at least

// From so many rows on, tiles of bytes are faster than dot products; they have the same bits.
constexpr int64_t kByteTilesFrom = 9;

/// By the weights alone, but for the number of rows where it changes no bits.
InputForm inputForm(DType dtype, const ProductInput& input)
{
    const bool amx = mayUse(Instructions::amx);
    if (isQuantized(dtype))
        return amx && input.x.rows >= kByteTilesFrom ? InputForm::byte_tiles : InputForm::bytes;
    if (dtype != DType::bf16 || input.cols() < kWideFrom)
        return InputForm::floats;
    if (amx && input.cols() % 32 == 0)
        return InputForm::split_tiles;
    return prefersBf16Dot() ? InputForm::pairs : InputForm::floats;
}

int mostRowsOf(InputForm form)
{
    switch (form) {
    case InputForm::floats:
    case InputForm::pairs:
        return floatMostRows();
    case InputForm::bytes:
        return int8MostRows();
    default:
        return kTileRows;
    }
}

void packTile(DType dtype, const RowTiles& tiles, const TilePart& part, float* to)
{
    if (tiles.form == InputForm::floats)
        HWY_DYNAMIC_DISPATCH(packFloats)(part, tiles.row_floats, to);
    else if (tiles.form == InputForm::pairs)
        HWY_DYNAMIC_DISPATCH(packPairs)(part, to);
    else if (tiles.form == InputForm::split_tiles)
        splitRowsOfTile(part, to);
    else
        quantizeRowsOfTile(dtype, part, tiles.form == InputForm::byte_tiles, to);
}

/// The columns of `part` as the product reads them; from: the same of a row as it is.
void makeColumns(
    const ProductInput& input, const float* from, float scale, const TilePart& part, float* made)
{
    if (input.norm) {
        const float* const weight = input.norm + part.first;
        HWY_DYNAMIC_DISPATCH(normRowPart)(from, weight, scale, part.count, made);
    } else {
        HWY_DYNAMIC_DISPATCH(gateRowPart)(from, from + part.length, part.count, made);
    }
}

} // namespace

InputPacking::InputPacking(DType dtype, const ProductInput& input, float* packed, int n_threads)
    : m_dtype(dtype)
    , m_input(input)
    , m_packed(packed)
{
    const int64_t cols = input.cols(), rows = input.x.rows;
    m_tiles = {.x = packed, .row_floats = packedFloats(dtype, cols), .m = int(rows)};
    m_tiles.form = inputForm(dtype, input);
    m_tiles.most_rows = mostRowsOf(m_tiles.form);
    if (rows == 1 && m_tiles.row_floats == cols && m_tiles.form == InputForm::floats
        && input.isPlain()) {
        m_tiles.x = input.x.data;
        return;
    }
    // Few tiles are cut across their columns, so that every thread has a part.
    const int64_t n_tiles = m_tiles.count();
    const int64_t wanted
        = std::min((n_threads + n_tiles - 1) / n_tiles, rows * cols / (n_tiles * kPartElements));
    const int64_t units = (cols + kPartUnit - 1) / kPartUnit;
    const int64_t parts = std::clamp<int64_t>(wanted, 1, units);
    m_part_columns = (units + parts - 1) / parts * kPartUnit;
    m_parts = (cols + m_part_columns - 1) / m_part_columns;
    m_items = n_tiles * m_parts;
    if (rows * cols < kAloneBelow)
        finish();
}

void InputPacking::packPart(int64_t item) const
{
    const int tile = int(item / m_parts);
    const int first_row = m_tiles.firstRow(tile);
    const int64_t cols = m_input.cols(), begin = item % m_parts * m_part_columns;
    const float* const x = m_input.x.data + first_row * m_input.x.cols;
    float* const to = m_packed + first_row * m_tiles.row_floats;
    TilePart part{x + begin, m_input.x.cols, begin, std::min(m_part_columns, cols - begin), cols,
        m_tiles.firstRow(tile + 1) - first_row};
    if (m_input.isPlain()) {
        packTile(m_dtype, m_tiles, part, to);
        return;
    }
    float scales[kMostTileRows] = {};
    for (int r = 0; m_input.norm && r < part.n; r++)
        scales[r]
            = HWY_DYNAMIC_DISPATCH(scaleOfRow)(x + r * m_input.x.cols, m_input.norm_eps, cols);
    // What the product reads is made a few columns at a time, in the first-level cache.
    alignas(64) float made[kMostTileRows * kPartUnit];
    const int64_t end = begin + part.count;
    part.x = made;
    part.stride = kPartUnit;
    for (part.first = begin; part.first < end; part.first += kPartUnit) {
        part.count = std::min(kPartUnit, end - part.first);
        for (int r = 0; r < part.n; r++) {
            const float* const from = x + r * m_input.x.cols + part.first;
            makeColumns(m_input, from, scales[r], part, made + r * kPartUnit);
        }
        packTile(m_dtype, m_tiles, part, to);
    }
}

void InputPacking::finish()
{
    if (m_done.load(std::memory_order_acquire) == m_items)
        return;
    for (int64_t item; (item = m_taken.fetch_add(1, std::memory_order_relaxed)) < m_items;) {
        packPart(item);
        m_done.fetch_add(1, std::memory_order_release);
    }
    for (int n = 0; m_done.load(std::memory_order_acquire) < m_items; n++)
        waitBriefly(n);
}

} // namespace gorgon
#endif
