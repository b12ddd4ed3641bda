// SPDX-License-Identifier: Apache-2.0
// The tiles of product_amx.cpp, included where AVX-512 and AMX may be used.
// Tiles 0 ... 3 hold sums, 4 and 5 inputs, 6 and 7 weights.

/// What LDTILECFG reads.
struct alignas(64) TileConfig
{
    uint8_t palette = 1;
    uint8_t start_row = 0;
    uint8_t reserved[14] = {};
    uint16_t row_bytes[16] = {};
    uint8_t rows[16] = {};
};

constexpr size_t kStepBytes = 1024; // bf16: 32 k of a panel
constexpr size_t kAhead = 8192; // prefetched into the second-level cache, in each panel

/// What this thread's tiles are configured for; 0: released.
static thread_local uint32_t configured = 0;

/// Sums of rows0 (tiles 0, 1) and rows1 rows (2, 3); inputs of as many (4, 5).
static void configureTiles(int rows0, int rows1, int input_bytes, int weight_rows)
{
    const uint32_t wanted = uint32_t(rows0 | rows1 << 8 | input_bytes << 16 | weight_rows << 24);
    if (configured == wanted)
        return;
    configured = wanted;
    TileConfig config;
    const uint8_t rows[8] = {uint8_t(rows0), uint8_t(rows0), uint8_t(rows1), uint8_t(rows1),
        uint8_t(rows0), uint8_t(rows1), uint8_t(weight_rows), uint8_t(weight_rows)};
    for (int i = 0; i < 8; i++) {
        config.row_bytes[i] = uint16_t(i == 4 || i == 5 ? input_bytes : 64);
        config.rows[i] = rows[i];
    }
    // GCC 12 believes that only the first eight bytes are read.
    __asm__ volatile("" ::"r"(&config) : "memory");
    _tile_loadconfig(&config);
}

HWY_INLINE void prefetchLines(const uint8_t* p, size_t bytes)
{
    for (size_t line = 0; line < bytes; line += 64)
        __builtin_prefetch(p + line, 0, 2);
}

struct SplitRows
{
    const uint8_t* x;
    int64_t row;
    int rows;
};

/// Four panels for one tile of rows.
static HWY_NOINLINE void splitFour(const uint8_t* weights, const uint8_t* next, size_t panel_bytes,
    const SplitRows& in, int64_t column, const PanelOutput& out)
{
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    const uint8_t* x = in.x;
    const size_t x_bytes = size_t(in.rows) * 64;
    const uint8_t* const w1 = weights + panel_bytes;
    const uint8_t* const w2 = w1 + panel_bytes;
    const uint8_t* const w3 = w2 + panel_bytes;
    for (size_t at = 0; at < panel_bytes; at += kStepBytes, x += 2 * x_bytes) {
        const uint8_t* const soon
            = at + kAhead < panel_bytes ? weights + at + kAhead : next + at + kAhead - panel_bytes;
        for (size_t line = 0; line < kStepBytes; line += 64)
            for (int p = 0; p < 4; p++)
                __builtin_prefetch(soon + size_t(p) * panel_bytes + line, 0, 2);
        _tile_loadd(4, x, 64);
        _tile_loadd(5, x + x_bytes, 64);
        _tile_loadd(6, weights + at, 64);
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(0, 5, 6);
        _tile_loadd(7, w1 + at, 64);
        _tile_dpbf16ps(1, 4, 7);
        _tile_dpbf16ps(1, 5, 7);
        _tile_loadd(6, w2 + at, 64);
        _tile_dpbf16ps(2, 4, 6);
        _tile_dpbf16ps(2, 5, 6);
        _tile_loadd(7, w3 + at, 64);
        _tile_dpbf16ps(3, 4, 7);
        _tile_dpbf16ps(3, 5, 7);
    }
    constexpr int kColumns = 4 * int(kPanel);
    HWY_ALIGN float sums[kTileRows * kColumns];
    _tile_stored(0, sums, kColumns * sizeof(float));
    _tile_stored(1, sums + 16, kColumns * sizeof(float));
    _tile_stored(2, sums + 32, kColumns * sizeof(float));
    _tile_stored(3, sums + 48, kColumns * sizeof(float));
    writeSums(sums, in.rows, kColumns, in.row, column, out);
}

/// Two panels for two tiles of rows.
static HWY_NOINLINE void splitTwoByTwo(const uint8_t* weights, const uint8_t* next,
    size_t panel_bytes, const SplitRows& a, const SplitRows& b, int64_t column,
    const PanelOutput& out)
{
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    const uint8_t* xa = a.x;
    const uint8_t* xb = b.x;
    const size_t a_bytes = size_t(a.rows) * 64, b_bytes = size_t(b.rows) * 64;
    const uint8_t* const w1 = weights + panel_bytes;
    for (size_t at = 0; at < panel_bytes; at += kStepBytes) {
        const uint8_t* const soon
            = at + kAhead < panel_bytes ? weights + at + kAhead : next + at + kAhead - panel_bytes;
        _tile_loadd(6, weights + at, 64);
        _tile_loadd(7, w1 + at, 64);
        _tile_loadd(4, xa, 64);
        _tile_loadd(5, xb, 64);
        prefetchLines(soon, kStepBytes);
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(1, 4, 7);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
        _tile_loadd(4, xa + a_bytes, 64);
        _tile_loadd(5, xb + b_bytes, 64);
        prefetchLines(soon + panel_bytes, kStepBytes);
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(1, 4, 7);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
        xa += 2 * a_bytes;
        xb += 2 * b_bytes;
    }
    constexpr int kColumns = 2 * int(kPanel);
    HWY_ALIGN float sums[2][kTileRows * kColumns];
    _tile_stored(0, sums[0], kColumns * sizeof(float));
    _tile_stored(1, sums[0] + 16, kColumns * sizeof(float));
    _tile_stored(2, sums[1], kColumns * sizeof(float));
    _tile_stored(3, sums[1] + 16, kColumns * sizeof(float));
    writeSums(sums[0], a.rows, kColumns, a.row, column, out);
    writeSums(sums[1], b.rows, kColumns, b.row, column, out);
}

static void splitSlab(const uint8_t* weights, const uint8_t* next, size_t panel_bytes, int n_panels,
    const RowTiles& tiles, int64_t column, const PanelOutput& out)
{
    const int n_tiles = tiles.count();
    const auto rowsOf = [&](int tile) {
        const int row = tiles.firstRow(tile);
        return SplitRows{reinterpret_cast<const uint8_t*>(tiles.x + row * tiles.row_floats), row,
            tiles.firstRow(tile + 1) - row};
    };
    for (int tile = 0; tile < n_tiles;) {
        const bool both = tile + 1 < n_tiles;
        const SplitRows a = rowsOf(tile), b = both ? rowsOf(tile + 1) : a;
        const int beside = both ? 2 : 4;
        tile += both ? 2 : 1;
        const uint8_t* const after = tile < n_tiles ? weights : next;
        configureTiles(a.rows, b.rows, 64, 16);
        for (int p = 0; p < n_panels; p += beside) {
            const uint8_t* const w = weights + size_t(p) * panel_bytes;
            const uint8_t* const following
                = p + beside < n_panels ? w + size_t(beside) * panel_bytes : after;
            if (both)
                splitTwoByTwo(w, following, panel_bytes, a, b, column + p * kPanel, out);
            else
                splitFour(w, following, panel_bytes, a, column + p * kPanel, out);
        }
    }
}

#include "kernels/cpu/product_rows.h"

constexpr int kBatch = 4; // blocks multiplied at once, one tile of sums each

/// Bytes of four bits from [32 k][16 outputs], as q8 has them.
HWY_INLINE void unpackFourBits(const uint8_t* values, uint8_t* to)
{
    const Words d;
    const auto low = hn::Set(d, 0x0F0F0F0FU);
    auto* const words = reinterpret_cast<uint32_t*>(to);
    HWY_UNROLL(4)
    for (int j = 0; j < 4; j++) {
        const auto pairs = hn::LoadU(d, reinterpret_cast<const uint32_t*>(values + 64 * j));
        hn::Store(hn::And(pairs, low), d, words + 32 * j);
        hn::Store(hn::And(hn::ShiftRight<4>(pairs), low), d, words + 32 * j + 16);
    }
}

template <DType dtype> struct ByteTileKernel
{
    static constexpr int kMostRows = kTileRows;
    template <int M> static constexpr int kBeside = 1;
    static constexpr size_t kBytes = bytesOf32(dtype);

    struct Scratch
    {
        alignas(64) int32_t dots[kBatch][kTileRows * kPanel];
        alignas(64) uint8_t unpacked[kBatch][512];
    };

    /// Sums of the products of up to kBatch blocks from block `first` on.
    static HWY_INLINE void multiply(
        const uint8_t* weights, const uint8_t* x, size_t x_bytes, int64_t first, int n, Scratch& to)
    {
        const uint8_t* values[kBatch];
        HWY_UNROLL(4)
        for (int i = 0; i < kBatch; i++) {
            values[i] = weights + valuesOffset(dtype, first + i);
            if (dtype == DType::q4) {
                unpackFourBits(values[i], to.unpacked[i]);
                values[i] = to.unpacked[i];
            }
        }
        // The compiler does not see that tiles read memory.
        __asm__ volatile("" ::: "memory");
        const uint8_t* const inputs = x + size_t(first) / 2 * x_bytes;
        _tile_zero(0);
        _tile_loadd(4, inputs, 64);
        _tile_loadd(6, values[0], 64);
        _tile_dpbsud(0, 4, 6);
        _tile_zero(1);
        _tile_loadd(5, inputs + 32, 64);
        _tile_loadd(7, values[1], 64);
        _tile_dpbsud(1, 5, 7);
        if (n > 2) {
            _tile_zero(2);
            _tile_loadd(4, inputs + x_bytes, 64);
            _tile_loadd(6, values[2], 64);
            _tile_dpbsud(2, 4, 6);
            _tile_zero(3);
            _tile_loadd(5, inputs + x_bytes + 32, 64);
            _tile_loadd(7, values[3], 64);
            _tile_dpbsud(3, 5, 7);
            _tile_stored(2, to.dots[2], 64);
            _tile_stored(3, to.dots[3], 64);
        }
        _tile_stored(0, to.dots[0], 64);
        _tile_stored(1, to.dots[1], 64);
    }

    /// One panel of weights for M rows. Sums leave the tiles for memory and are scaled while the
    /// tiles are busy with the next blocks.
    template <int M, int P>
    static HWY_INLINE void tile(const uint8_t* weights, const uint8_t* next, size_t panel_bytes,
        const TileRows& rows, const PanelOutput& out)
    {
        static_assert(P == 1);
        configureTiles(M, M, 32, 8);
        const Floats d;
        const Ints di;
        Scratch scratch[2];
        V16 sums[M];
        HWY_UNROLL(16)
        for (int r = 0; r < M; r++)
            sums[r] = set16(0.0F);
        const int64_t n_blocks = int64_t(panel_bytes / kBytes);
        const auto countFrom
            = [=](int64_t b) { return n_blocks - b < kBatch ? int(n_blocks - b) : kBatch; };
        multiply(weights, rows.x, 64 * M, 0, countFrom(0), scratch[0]);
        int current = 0;
        for (int64_t first = 0; first < n_blocks; first += kBatch, current ^= 1) {
            const int n = countFrom(first);
            prefetchGroup(rows, panel_bytes, size_t(first) * kBytes, kBatch * kBytes);
            if (first + kBatch < n_blocks)
                multiply(weights, rows.x, 64 * M, first + kBatch, countFrom(first + kBatch),
                    scratch[current ^ 1]);
            for (int i = 0; i < n; i++) {
                const int64_t b = first + i;
                const uint8_t* const scales = rows.x + (n_blocks * 32 + b * 8) * M;
                const int32_t* const dots = scratch[current].dots[i];
                const BlockScales w = blockScales<dtype>(weights, b);
                HWY_UNROLL(16)
                for (int r = 0; r < M; r++) {
                    auto dot = hn::Load(di, dots + r * kPanel);
                    if constexpr (dtype == DType::q8)
                        dot = hn::Add(dot, hn::Set(di, intAt(scales + 4 * M + 4 * r)));
                    const V scale = hn::Set(d, floatAt(scales + 4 * r));
                    V& sum = sums[r].part[0];
                    sum = hn::MulAdd(hn::ConvertTo(d, dot), hn::Mul(w.scale.part[0], scale), sum);
                    if constexpr (dtype == DType::q4)
                        sum = hn::NegMulAdd(
                            w.minimum.part[0], hn::Set(d, floatAt(scales + 4 * M + 4 * r)), sum);
                }
            }
        }
        HWY_ALIGN float results[M * kPanel];
        HWY_UNROLL(16)
        for (int r = 0; r < M; r++)
            store16(sums[r], results + r * kPanel);
        writeSums(results, M, int(kPanel), rows.row, rows.column, out);
    }
};

static void slabOnTiles(const Matrix& w, int64_t first, int n_panels, int64_t next,
    const RowTiles& tiles, int64_t column, const PanelOutput& out)
{
    const size_t panel_bytes = panelBytes(w.dtype, w.n_in);
    const uint8_t* const weights = w.data.as<const uint8_t>() + size_t(first) * panel_bytes;
    const uint8_t* const after
        = next < 0 ? weights : w.data.as<const uint8_t>() + size_t(next) * panel_bytes;
    if (w.dtype == DType::bf16)
        splitSlab(weights, after, panel_bytes, n_panels, tiles, column, out);
    else if (w.dtype == DType::q8)
        slabOf<ByteTileKernel<DType::q8>>(
            weights, after, panel_bytes, n_panels, tiles, column, out);
    else
        slabOf<ByteTileKernel<DType::q4>>(
            weights, after, panel_bytes, n_panels, tiles, column, out);
}

/// Else the system saves and restores 8 KB at every change of threads.
static void releaseTiles()
{
    if (configured != 0)
        _tile_release();
    configured = 0;
}

/// Upper parts are rounded to nearest even, finite where x is; what is infinite stays so in the
/// lower part.
static void splitRows(const float* x, int64_t length, int n, float* out)
{
    const __m512 most = _mm512_set1_ps(3.3895314e38F); // largest bf16
    const __m512 least = _mm512_set1_ps(-3.3895314e38F);
    auto* const bytes = reinterpret_cast<uint8_t*>(out);
    for (int r = 0; r < n; r++) {
        const float* const row = x + r * length;
        for (int64_t k = 0; k < length; k += 32) {
            __m256bh upper[2], lower[2];
            HWY_UNROLL(2)
            for (int i = 0; i < 2; i++) {
                const __m512 v = _mm512_loadu_ps(row + k + 16 * i);
                // note: of two operands one of which is NaN, the second is taken.
                upper[i] = _mm512_cvtneps_pbh(_mm512_max_ps(least, _mm512_min_ps(most, v)));
                const __m512 back = _mm512_castsi512_ps(
                    _mm512_slli_epi32(_mm512_cvtepu16_epi32((__m256i)upper[i]), 16));
                lower[i] = _mm512_cvtneps_pbh(_mm512_sub_ps(v, back));
            }
            uint8_t* const to = bytes + k / 32 * 128 * n + 64 * r;
            HWY_UNROLL(2)
            for (int i = 0; i < 2; i++) {
                _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + 32 * i), (__m256i)upper[i]);
                _mm256_storeu_si256(
                    reinterpret_cast<__m256i*>(to + 64 * n + 32 * i), (__m256i)lower[i]);
            }
        }
    }
}
