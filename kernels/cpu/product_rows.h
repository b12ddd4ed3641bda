// SPDX-License-Identifier: Apache-2.0
// A slab of panels for all tiles of rows, by kernels with a member template tile<M, P>: P panels
// for M rows. Included, without a guard, in each namespace whose instructions differ, since only
// there the tiles can be inlined.

/// What a tile gets beside its weights.
struct TileRows
{
    const uint8_t* x; // the packed inputs
    int64_t row; // of y
    int64_t column;
    const uint8_t* group; // kPanelGroup panels that this thread will read later
    int part, n_parts; // which of the equal parts of that group to fetch meanwhile
};

/// Has a part of a group fetched into the second-level cache, a little at a time: memory is read
/// faster in four streams than in one, and a tile of many rows reads one panel at a time.
class GroupFetch
{
public:
    /// For a tile of n_panels that calls next() so many times.
    HWY_INLINE GroupFetch(const TileRows& rows, size_t panel_bytes, int n_panels, int64_t times)
        : m_group(rows.group)
        , m_panel_bytes(panel_bytes)
        , m_at(size_t(rows.part) * panel_bytes / size_t(rows.n_parts))
        , m_step(panel_bytes * size_t(n_panels) / size_t(rows.n_parts * times) + 1)
    {
    }
    HWY_INLINE void next()
    {
        const size_t end = m_at + m_step;
        for (size_t line = (m_at + 63) / 64 * 64; line < end; line += 64)
            for (int64_t p = 0; p < kPanelGroup; p++)
                __builtin_prefetch(m_group + size_t(p) * m_panel_bytes + line, 0, 2);
        m_at = end;
    }

private:
    const uint8_t* m_group;
    size_t m_panel_bytes;
    size_t m_at; // in each panel
    size_t m_step;
};

template <class Kernel, int M>
HWY_NOINLINE void productRows(const uint8_t* weights, const uint8_t* next, size_t panel_bytes,
    int n_panels, TileRows rows, const PanelOutput& out)
{
    constexpr int P = Kernel::template kBeside<M>; // divides kPanelGroup
    const uint8_t* const later = rows.group;
    const int first_part = rows.part;
    for (int p = 0; p < n_panels; p += P, rows.column += P * kPanel) {
        const uint8_t* const w = weights + size_t(p) * panel_bytes;
        rows.part = first_part + p % int(kPanelGroup);
        rows.group = later + size_t(p - p % int(kPanelGroup)) * panel_bytes;
        Kernel::template tile<M, P>(
            w, p + P < n_panels ? w + P * panel_bytes : next, panel_bytes, rows, out);
    }
}

template <class Kernel>
void slabOf(const uint8_t* weights, const uint8_t* next, size_t panel_bytes, int n_panels,
    const RowTiles& tiles, int64_t column, const PanelOutput& out)
{
    const int n_tiles = tiles.count();
    for (int tile = 0; tile < n_tiles; tile++) {
        const int row = tiles.firstRow(tile), n_rows = tiles.firstRow(tile + 1) - row;
        const uint8_t* const after = tile + 1 < n_tiles ? weights : next;
        // Every tile has its share of the next slab fetched, so that memory is never idle.
        const TileRows rows{reinterpret_cast<const uint8_t*>(tiles.x + row * tiles.row_floats), row,
            column, next, tile * int(kPanelGroup), n_tiles * int(kPanelGroup)};
        switch (n_rows) {
#define GORGON_ROWS(M)                                                                             \
    case M:                                                                                        \
        if constexpr (M <= Kernel::kMostRows)                                                      \
            productRows<Kernel, M>(weights, after, panel_bytes, n_panels, rows, out);              \
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
            GORGON_ROWS(13)
            GORGON_ROWS(14)
            GORGON_ROWS(15)
            GORGON_ROWS(16)
#undef GORGON_ROWS
        default:
            break;
        }
    }
}
