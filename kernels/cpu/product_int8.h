// SPDX-License-Identifier: Apache-2.0
// Products of quantized weights with inputs quantized to 8 bits, one scale per 32 of k of each row.
// The products of a block of 32 are summed exactly in integers; a lane owns an output and adds the
// scaled blocks in ascending k, in f32:
//   y = fma(dot, w_scale * x_scale, y); q4 then: y = fma(-w_minimum, x_scale * x_sum, y)
// So a row has the same bits among any others, and on every instruction set with a fused
// multiply-add.
#pragma once

#include "kernels/cpu/product_input.h"

namespace gorgon {

/// As productSlab, for quantized formats.
void int8Slab(const Matrix& w, int64_t first, int n_panels, int64_t next, const RowTiles& tiles,
    int64_t column, const PanelOutput& out);

/// Rows of a tile at most.
int int8MostRows();

/// A part of a tile against weights of `dtype`, into the whole tile at `out`; the last part pads it
/// with zeros. Per block of 32 of k: [8][n] words of four bytes; [n] scales; [n] sums. Where
/// `in_pairs`, for AMX: per two blocks [n][64] bytes; behind all of them, per block, [n] scales and
/// [n] sums.
///   scale = max |x| / 127, q = x * (127 / max |x|) rounded to nearest even, sum = sum of q
/// Sums are stored as i32 -128 sum for q8, whose weights carry an offset of 128, and as f32
/// scale * sum for q4. A block that is not finite gets the scale NaN.
void quantizeRowsOfTile(DType dtype, const TilePart& part, bool in_pairs, float* out);

} // namespace gorgon
