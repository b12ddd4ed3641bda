// SPDX-License-Identifier: Apache-2.0
// Kernels over weights that are read in steps of 64 bytes per panel. Included as product_rows.h is.
// A Step has kInputBytes, of a row per step, and add<M, P>(weights, panel_bytes, inputs, sums).

template <class Step> struct StepKernel
{
    static constexpr int kMostRows = kMostRowsInRegisters;
    template <int M> static constexpr int kBeside = panelsBeside<M>();

    template <int M, int P>
    static HWY_INLINE void addSteps(int64_t n_steps, const uint8_t* w, size_t panel_bytes,
        const uint8_t* x, const uint8_t* ahead, V16 (&sums)[M][P])
    {
        for (int64_t step = 0; step < n_steps; step++) {
            HWY_UNROLL(4)
            for (int p = 0; p < P; p++)
                hwy::Prefetch(ahead + size_t(p) * panel_bytes);
            Step::template add<M, P>(w, panel_bytes, x, sums);
            w += kStepBytes;
            ahead += kStepBytes;
            x += Step::kInputBytes * M;
        }
    }

    /// P panels for M rows; `next`: panels that this thread will read after them.
    template <int M, int P>
    static HWY_INLINE void tile(const uint8_t* weights, const uint8_t* next, size_t panel_bytes,
        const TileRows& rows, const PanelOutput& out)
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
        addSteps<M, P>(n_first, weights, panel_bytes, rows.x,
            weights + size_t(kPrefetchSteps) * kStepBytes, sums);
        addSteps<M, P>(n_last, weights + size_t(n_first) * kStepBytes, panel_bytes,
            rows.x + n_first * Step::kInputBytes * M, next, sums);
        HWY_ALIGN float results[M * P * kPanel];
        HWY_UNROLL(16)
        for (int r = 0; r < M; r++) {
            HWY_UNROLL(4)
            for (int p = 0; p < P; p++)
                store16(sums[r][p], results + (r * P + p) * kPanel);
        }
        writeSums(results, M, int(P * kPanel), rows.row, rows.column, out);
    }
};
