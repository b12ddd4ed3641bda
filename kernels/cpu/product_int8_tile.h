// SPDX-License-Identifier: Apache-2.0
// The tiles of product_int8.cpp, included in a namespace of its own per instruction set.
// GORGON_DOT_512, GORGON_DOT_256, GORGON_DOT_128: the processor multiplies and adds four bytes in
// one instruction; in the last, of NEON, weights are signed too.

#if !defined(GORGON_DOT_512) && !defined(GORGON_DOT_256)                                           \
    && (HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_SSE4)
// Two products of an unsigned with a signed byte are summed in 16 bits, which saturate: so weights
// of q8 are taken as magnitudes and their signs given to the inputs, 2 * 127 * 127 at most; weights
// of four bits leave room for a whole block, 16 * 15 * 127, before 32 bits are needed.
constexpr bool kWeightsAreOffset = false;

#if HWY_TARGET == HWY_AVX3
#define GORGON_X86(name) _mm512_##name
#elif HWY_TARGET == HWY_AVX2
#define GORGON_X86(name) _mm256_##name
#else
#define GORGON_X86(name) _mm_##name
#endif

/// Weights of four k in every lane.
struct Bytes
{
    VI magnitude;
#if HWY_TARGET == HWY_AVX3
    __mmask64 negative;
#else
    VI value;
#endif
};

template <DType dtype> HWY_INLINE Bytes prepared(VI u)
{
    Bytes bytes;
    bytes.magnitude = u;
    if constexpr (dtype == DType::q8) {
        const VI value = hn::Xor(u, hn::Set(Ints(), int32_t(0x80808080U)));
        bytes.magnitude = VI{GORGON_X86(abs_epi8)(value.raw)};
#if HWY_TARGET == HWY_AVX3
        bytes.negative = _mm512_movepi8_mask(value.raw);
#else
        bytes.value = value;
#endif
    }
    return bytes;
}

HWY_INLINE VI wholeSums(VI sums16)
{
    return VI{GORGON_X86(madd_epi16)(sums16.raw, GORGON_X86(set1_epi16)(1))};
}

/// sums + the products of four weights with four inputs, in every lane; exact. q4: in 16 bits.
template <DType dtype> HWY_INLINE VI addDot4(VI sums, const Bytes& w, VI x)
{
    if constexpr (dtype == DType::q8) {
#if HWY_TARGET == HWY_AVX3
        const VI given{_mm512_mask_sub_epi8(x.raw, w.negative, _mm512_setzero_si512(), x.raw)};
#else
        const VI given{GORGON_X86(sign_epi8)(x.raw, w.value.raw)};
#endif
        return hn::Add(sums, wholeSums(VI{GORGON_X86(maddubs_epi16)(w.magnitude.raw, given.raw)}));
    } else {
        return VI{
            GORGON_X86(add_epi16)(sums.raw, GORGON_X86(maddubs_epi16)(w.magnitude.raw, x.raw))};
    }
}

/// Sums of a block in 32 bits.
template <DType dtype> HWY_INLINE VI blockSums(VI sums)
{
    return dtype == DType::q8 ? sums : wholeSums(sums);
}

#undef GORGON_X86
#elif HWY_TARGET == HWY_NEON && defined(__aarch64__)

constexpr bool kWeightsAreOffset = false;

using Bytes = int8x16_t; // signed

template <DType dtype> HWY_INLINE Bytes prepared(VI u)
{
    const int8x16_t bytes = vreinterpretq_s8_s32(u.raw);
    return dtype == DType::q8 ? veorq_s8(bytes, vdupq_n_s8(-128)) : bytes;
}

template <DType dtype> HWY_INLINE VI blockSums(VI sums)
{
    return sums;
}

/// sums + the products of four weights with four inputs, in every lane; exact.
template <DType dtype> HWY_INLINE VI addDot4(VI sums, Bytes w, VI x)
{
    const int8x16_t x8 = vreinterpretq_s8_s32(x.raw);
#if defined(GORGON_DOT_128)
    return VI(vdotq_s32(sums.raw, w, x8));
#else
    // Two products fit into 16 bits, as an input is never -128.
    const int16x8_t pairs
        = vpaddq_s16(vmull_s8(vget_low_s8(w), vget_low_s8(x8)), vmull_high_s8(w, x8));
    return VI(vpadalq_s16(sums.raw, pairs));
#endif
}

#else

constexpr bool kWeightsAreOffset = true; // by 128

using Bytes = VI; // unsigned

template <DType dtype> HWY_INLINE Bytes prepared(VI u)
{
    return u;
}

template <DType dtype> HWY_INLINE VI blockSums(VI sums)
{
    return sums;
}

/// sums + the products of four unsigned bytes with four signed ones, in every lane; exact.
template <DType dtype> HWY_INLINE VI addDot4(VI sums, VI u, VI x)
{
#if defined(GORGON_DOT_512)
    return VI{_mm512_dpbusd_epi32(sums.raw, u.raw, x.raw)};
#elif defined(GORGON_DOT_256)
    return VI{_mm256_dpbusd_avx_epi32(sums.raw, u.raw, x.raw)};
#else
    const Ints d;
    HWY_ALIGN int32_t sum[kLanes], weights[kLanes], inputs[kLanes];
    hn::Store(sums, d, sum);
    hn::Store(u, d, weights);
    hn::Store(x, d, inputs);
    for (int lane = 0; lane < kLanes; lane++)
        for (int shift = 0; shift < 32; shift += 8)
            sum[lane] += int32_t(uint8_t(uint32_t(weights[lane]) >> shift))
                * int8_t(uint8_t(uint32_t(inputs[lane]) >> shift));
    return hn::Load(d, sum);
#endif
}
#endif

/// The same for one input of four bytes in memory.
template <DType dtype> HWY_INLINE VI addDot4At(VI sums, const Bytes& w, const uint8_t* x)
{
#if defined(GORGON_DOT_512)
    // GCC 12 loads and broadcasts in an instruction of its own.
    __asm__("vpdpbusd %2%{1to16%}, %1, %0"
            : "+v"(sums.raw)
            : "v"(w.raw), "m"(*reinterpret_cast<const int32_t*>(x)));
    return sums;
#else
    return addDot4<dtype>(sums, w, hn::Set(Ints(), intAt(x)));
#endif
}

/// Sums of M rows and P panels that stay in registers.
template <int M, int P> struct SumsInRegisters
{
    V16 sums[M][P];

    HWY_INLINE V get(int r, int p, int i) const { return sums[r][p].part[i]; }
    HWY_INLINE void set(int r, int p, int i, V v) { sums[r][p].part[i] = v; }
};

/// Those that do not fit beside the sums in integers: P of the panels of a tile in memory.
struct SumsInMemory
{
    float* sums; // [rows][stride]
    int stride;

    HWY_INLINE float* at(int r, int p, int i) const
    {
        return sums + r * stride + p * int(kPanel) + i * kLanes;
    }
    HWY_INLINE V get(int r, int p, int i) const { return hn::Load(Floats(), at(r, p, i)); }
    HWY_INLINE void set(int r, int p, int i, V v) { hn::Store(v, Floats(), at(r, p, i)); }
};

/// Has as much as a block of P panels fetched, in eighths: all at once would hold up the loads of
/// the block at hand.
template <DType dtype, int P, int level> struct BlockFetch
{
    const uint8_t* panels;
    size_t panel_bytes;

    HWY_INLINE void operator()(int eighth) const
    {
        constexpr int kLines = int((bytesOf32(dtype) + 63) / 64) * P;
        for (int i = eighth * kLines / 8; i < (eighth + 1) * kLines / 8; i++)
            __builtin_prefetch(panels + size_t(i % P) * panel_bytes + i / P * 64, 0, level);
    }
};

struct NoFetch
{
    HWY_INLINE void operator()(int) const { }
};

/// Adds block b of P panels for M rows; x: the block of inputs; fetch(0 ... 7) on the way.
template <DType dtype, int M, int P, class Sums, class Fetch>
HWY_INLINE void addBlock(const uint8_t* panels, size_t panel_bytes, int64_t b, const uint8_t* x,
    const BlockScales (&of_unit)[P], Sums& sums, const Fetch& fetch)
{
    const Floats d;
    const Ints di;
    const uint8_t* const x_scale = x + 32 * M;
    const uint8_t* const x_sum = x + 36 * M;
    VI16 dots[M][P];
    HWY_UNROLL(16)
    for (int r = 0; r < M; r++) {
        const VI start
            = hn::Set(di, kWeightsAreOffset && dtype == DType::q8 ? intAt(x_sum + 4 * r) : 0);
        HWY_UNROLL(4)
        for (int p = 0; p < P; p++)
            GORGON_PARTS dots[r][p].part[i] = start;
    }
    const uint8_t* const values = panels + valuesOffset(dtype, b);
    HWY_UNROLL(8)
    for (int j = 0; j < 8; j++) {
        fetch(j);
        Bytes weights[P][kParts];
        HWY_UNROLL(4)
        for (int p = 0; p < P; p++) {
            const VI16 bytes = weightBytes<dtype>(values + size_t(p) * panel_bytes, j);
            GORGON_PARTS weights[p][i] = prepared<dtype>(bytes.part[i]);
        }
        HWY_UNROLL(16)
        for (int r = 0; r < M; r++) {
            if constexpr (P * kParts == 1) {
                dots[r][0].part[0]
                    = addDot4At<dtype>(dots[r][0].part[0], weights[0][0], x + 4 * (j * M + r));
                continue;
            }
            const VI input = hn::Set(di, intAt(x + 4 * (j * M + r)));
            HWY_UNROLL(4)
            for (int p = 0; p < P; p++)
                GORGON_PARTS dots[r][p].part[i]
                    = addDot4<dtype>(dots[r][p].part[i], weights[p][i], input);
        }
    }
    HWY_UNROLL(4)
    for (int p = 0; p < P; p++) {
        const BlockScales w = blockScales<dtype>(panels + size_t(p) * panel_bytes, b, of_unit[p]);
        HWY_UNROLL(16)
        for (int r = 0; r < M; r++) {
            const V scale = hn::Set(d, floatAt(x_scale + 4 * r));
            GORGON_PARTS
            {
                V sum = hn::MulAdd(hn::ConvertTo(d, blockSums<dtype>(dots[r][p].part[i])),
                    hn::Mul(w.scale.part[i], scale), sums.get(r, p, i));
                if constexpr (dtype == DType::q4)
                    sum = hn::NegMulAdd(w.minimum.part[i], hn::Set(d, floatAt(x_sum + 4 * r)), sum);
                sums.set(r, p, i, sum);
            }
        }
    }
}

#include "kernels/cpu/product_rows.h"

template <DType dtype> struct ByteKernel
{
    static constexpr int kMostRows = int8::kMostRows;
    // Weights of q8 stream faster from four panels than inputs are read twice; sums of those that
    // do not fit stay in memory, and two panels at a time share what is read of the inputs.
    template <int M>
    static constexpr bool kInMemory = dtype == DType::q8&& panelsBeside<M>() < kPanelGroup
        && (2 * M + 3) * kParts <= kRegisters;
    template <int M>
    static constexpr int kBeside = kInMemory<M> ? int(kPanelGroup) : panelsBeside<M>();

    /// P panels for M rows; `next`: panels that this thread will read after them.
    template <int M, int P>
    static HWY_INLINE void tile(const uint8_t* weights, const uint8_t* next, size_t panel_bytes,
        const TileRows& rows, const PanelOutput& out)
    {
        const uint8_t* x = rows.x;
        HWY_ALIGN float results[M * P * kPanel];
        SumsInRegisters<M, P> kept;
        HWY_UNROLL(16)
        for (int r = 0; r < M; r++) {
            HWY_UNROLL(4)
            for (int p = 0; p < P; p++) {
                kept.sums[r][p] = set16(0.0F);
                if constexpr (kInMemory<M>)
                    store16(set16(0.0F), results + (r * P + p) * kPanel);
            }
        }
        constexpr size_t kBytes = bytesOf32(dtype);
        const int64_t n_blocks = int64_t(panel_bytes / kBytes);
        size_t ahead = kPrefetchBytes;
        constexpr int kLevel = M < 4 ? 2 : 3; // few rows: as far as the second-level cache
        GroupFetch fetch(rows, panel_bytes, P, n_blocks);
        BlockScales of_unit[P];
        HWY_UNROLL(4)
        for (int p = 0; p < P; p++)
            of_unit[p] = unitScales<dtype>(weights + size_t(p) * panel_bytes, 0);
        for (int64_t b = 0; b < n_blocks; b++, ahead += kBytes) {
            if (dtype == DType::q4 && b > 0 && b % 8 == 0) {
                HWY_UNROLL(4)
                for (int p = 0; p < P; p++)
                    of_unit[p] = unitScales<dtype>(weights + size_t(p) * panel_bytes, b);
            }
            const bool by_group = P < kPanelGroup || rows.n_parts > kPanelGroup;
            const BlockFetch<dtype, P, kLevel> soon{
                ahead < panel_bytes ? weights + ahead : next + ahead - panel_bytes, panel_bytes};
            if (by_group)
                fetch.next();
            if constexpr (kInMemory<M>) {
                for (int eighth = 0; !by_group && eighth < 8; eighth++)
                    soon(eighth);
                const BlockScales none[2]{of_unit[0], of_unit[0]}; // q8 has none
                for (int p = 0; p < P; p += 2) {
                    // Else the compiler broadcasts all inputs once before the loop, into memory.
                    const uint8_t* inputs = x;
                    __asm__("" : "+r"(inputs));
                    SumsInMemory pair{results + p * kPanel, P * int(kPanel)};
                    addBlock<dtype, M, 2>(weights + size_t(p) * panel_bytes, panel_bytes, b, inputs,
                        none, pair, NoFetch{});
                }
            } else if (by_group) {
                addBlock<dtype, M, P>(weights, panel_bytes, b, x, of_unit, kept, NoFetch{});
            } else {
                addBlock<dtype, M, P>(weights, panel_bytes, b, x, of_unit, kept, soon);
            }
            x += 40 * M;
        }
        if constexpr (!kInMemory<M>) {
            HWY_UNROLL(16)
            for (int r = 0; r < M; r++) {
                HWY_UNROLL(4)
                for (int p = 0; p < P; p++)
                    store16(kept.sums[r][p], results + (r * P + p) * kPanel);
            }
        }
        writeSums(results, M, int(P * kPanel), rows.row, rows.column, out);
    }
};
