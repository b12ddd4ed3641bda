// SPDX-License-Identifier: Apache-2.0
// Products of bf16 weights with split inputs, see product_amx.h. Part of product_amx_tile.h.

constexpr size_t kStepBytes = 1024; // bf16: 32 k of a panel
constexpr size_t kAhead = 8192; // prefetched into the second-level cache, in each panel

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

/// Denormal numbers are zeros, as they are to the tiles.
class NoDenormals
{
public:
    NoDenormals() { _mm_setcsr(m_before | 0x8040U); }
    ~NoDenormals() { _mm_setcsr(m_before); }
    NoDenormals(const NoDenormals&) = delete;
    NoDenormals& operator=(const NoDenormals&) = delete;

private:
    uint32_t m_before = _mm_getcsr();
};

/// Of pairs of bf16 the first, or the second, as f32.
HWY_INLINE __m512 firstOf(__m512i pairs)
{
    return _mm512_castsi512_ps(_mm512_slli_epi32(pairs, 16));
}
HWY_INLINE __m512 secondOf(__m512i pairs)
{
    return _mm512_castsi512_ps(_mm512_and_si512(pairs, _mm512_set1_epi32(int(0xFFFF0000U))));
}

/// Four panels for one row, with the bits that tiles give: TDPBF16PS adds the products of even k
/// and those of odd k from zero by fused multiply-add, 16 each, and then both to the sum. A tile of
/// one row multiplies no faster than memory is read; so vectors do it, which read a sixth faster.
static HWY_NOINLINE void splitOneRow(const uint8_t* weights, const uint8_t* next,
    size_t panel_bytes, const SplitRows& in, int64_t column, const PanelOutput& out)
{
    constexpr int kPanels = 4;
    constexpr size_t kNear = 2048; // prefetched into the first-level cache
    __m512 sums[kPanels];
    HWY_UNROLL(4)
    for (int p = 0; p < kPanels; p++)
        sums[p] = _mm512_setzero_ps();
    const uint8_t* x = in.x;
    for (size_t at = 0; at < panel_bytes; at += kStepBytes, x += 128) {
        const uint8_t* const soon
            = at + kNear < panel_bytes ? weights + at + kNear : next + at + kNear - panel_bytes;
        __m512 parts[2][kPanels][2]; // of upper and lower inputs: even k, odd k
        HWY_UNROLL(4)
        for (int p = 0; p < kPanels; p++)
            for (int part = 0; part < 2; part++)
                parts[part][p][0] = parts[part][p][1] = _mm512_setzero_ps();
        HWY_UNROLL(1)
        for (int pair = 0; pair < 16; pair++) {
            __m512 inputs[2][2];
            HWY_UNROLL(2)
            for (int part = 0; part < 2; part++) {
                int32_t both;
                __builtin_memcpy(&both, x + 64 * part + 4 * pair, sizeof both);
                inputs[part][0] = firstOf(_mm512_set1_epi32(both));
                inputs[part][1] = secondOf(_mm512_set1_epi32(both));
            }
            HWY_UNROLL(4)
            for (int p = 0; p < kPanels; p++) {
                const uint8_t* const line = weights + size_t(p) * panel_bytes + at + 64 * pair;
                __builtin_prefetch(soon + size_t(p) * panel_bytes + 64 * pair, 0, 3);
                const __m512i pairs = _mm512_loadu_si512(line);
                const __m512 even = firstOf(pairs), odd = secondOf(pairs);
                HWY_UNROLL(2)
                for (int part = 0; part < 2; part++) {
                    parts[part][p][0] = _mm512_fmadd_ps(even, inputs[part][0], parts[part][p][0]);
                    parts[part][p][1] = _mm512_fmadd_ps(odd, inputs[part][1], parts[part][p][1]);
                }
            }
        }
        HWY_UNROLL(4)
        for (int p = 0; p < kPanels; p++)
            for (int part = 0; part < 2; part++)
                sums[p]
                    = _mm512_add_ps(sums[p], _mm512_add_ps(parts[part][p][0], parts[part][p][1]));
    }
    HWY_ALIGN float results[kPanels * kPanel];
    HWY_UNROLL(4)
    for (int p = 0; p < kPanels; p++)
        _mm512_store_ps(results + p * kPanel, sums[p]);
    writeSums(results, 1, kPanels * int(kPanel), in.row, column, out);
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
        if (!both && a.rows == 1) {
            const NoDenormals denormals;
            for (int p = 0; p < n_panels; p += beside) {
                const uint8_t* const w = weights + size_t(p) * panel_bytes;
                splitOneRow(w, p + beside < n_panels ? w + size_t(beside) * panel_bytes : after,
                    panel_bytes, a, column + p * kPanel, out);
            }
            continue;
        }
        configureForPairs(a.rows, b.rows);
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

/// Upper parts are rounded to nearest even, finite where x is; what is infinite stays so in the
/// lower part.
static void splitRows(const TilePart& part, float* out)
{
    const int n = part.n;
    const __m512 most = _mm512_set1_ps(3.3895314e38F); // largest bf16
    const __m512 least = _mm512_set1_ps(-3.3895314e38F);
    auto* const bytes = reinterpret_cast<uint8_t*>(out);
    for (int r = 0; r < n; r++) {
        const float* const row = part.x + r * part.stride;
        for (int64_t k = 0; k < part.count; k += 32) {
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
            uint8_t* const to = bytes + (part.first + k) / 32 * 128 * n + 64 * r;
            HWY_UNROLL(2)
            for (int i = 0; i < 2; i++) {
                _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + 32 * i), (__m256i)upper[i]);
                _mm256_storeu_si256(
                    reinterpret_cast<__m256i*>(to + 64 * n + 32 * i), (__m256i)lower[i]);
            }
        }
    }
}
