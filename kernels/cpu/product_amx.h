// SPDX-License-Identifier: Apache-2.0
// Products on the tiles of AMX: sixteen rows at a time cost little more than one.
// bf16: inputs are split into two bf16, x = upper + lower to 16 bits. Per 32 of k an output adds
//   (sum of even products + sum of odd products), of the upper parts and then of the lower ones,
// each sum in ascending k by fused multiply-add; what is subnormal counts as 0. So a row has the
// same bits among any others.
// q8, q4: as product_int8.h, bit for bit; the sums of integers are exact.
// Source: Intel SDM, TDPBF16PS, TDPBSUD and TDPBSSD.
#pragma once

#include "kernels/cpu/product_input.h"

namespace gorgon {

constexpr int kTileRows = 16; // of a tile, at most

/// As productSlab, for inputs of the forms split_tiles and byte_tiles.
void amxSlab(const Matrix& w, int64_t first, int n_panels, int64_t next, const RowTiles& tiles,
    int64_t column, const PanelOutput& out);

/// Ends a thread's work on slabs.
void amxRelease();

/// A part of a tile, of whole rows of a multiple of 32, into the whole tile at `out` in the form
/// split_tiles: per 32 of k, [n][32] upper parts, then [n][32] lower parts, bf16.
void splitRowsOfTile(const TilePart& part, float* out);

} // namespace gorgon
