// SPDX-License-Identifier: Apache-2.0
// Sums of whole panels into rows of outputs. Included once per target, as simd.h is.
#if defined(GORGON_KERNELS_CPU_PANEL_OUTPUT_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GORGON_KERNELS_CPU_PANEL_OUTPUT_H
#undef GORGON_KERNELS_CPU_PANEL_OUTPUT_H
#else
#define GORGON_KERNELS_CPU_PANEL_OUTPUT_H
#endif

#include "kernels/cpu/product.h"
#include "kernels/cpu/simd.h"

HWY_BEFORE_NAMESPACE();
namespace gorgon::HWY_NAMESPACE {

/// Sums (rows, columns of whole panels) into y, with bias and what was there.
[[maybe_unused]] static HWY_NOINLINE void writeSums(
    const float* sums, int rows, int columns, int64_t row, int64_t column, const PanelOutput& out)
{
    const int64_t left = out.n_out - column;
    const int n = int(left < columns ? left : columns);
    for (int r = 0; r < rows; r++, sums += columns) {
        float* const y = out.y + (row + r) * out.stride + column;
        int i = 0;
        for (; i + kPanel <= n; i += kPanel) {
            V16 v = load16(sums + i);
            if (out.bias)
                v = add16(v, load16(out.bias + column + i));
            store16(out.add ? add16(load16(y + i), v) : v, y + i);
        }
        for (; i < n; i++) {
            const float v = out.bias ? sums[i] + out.bias[column + i] : sums[i];
            y[i] = out.add ? y[i] + v : v;
        }
    }
}

} // namespace gorgon::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
