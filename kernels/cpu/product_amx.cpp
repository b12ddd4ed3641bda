// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/product_amx.h"

#include <cassert>

#include "kernels/cpu/quantize.h"
#include "kernels/cpu/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/product_amx.cpp"
#include "hwy/foreach_target.h"

#include "kernels/cpu/block_scales.h"
#include "kernels/cpu/panel_output.h"
#include "kernels/cpu/simd.h"

#include "hwy/cache_control.h"

#if HWY_TARGET == HWY_AVX3
#define GORGON_TILES HWY_TARGET_STR ",avx512bf16,amx-tile,amx-bf16,amx-int8"
HWY_PUSH_ATTRIBUTES(GORGON_TILES)
namespace gorgon::HWY_NAMESPACE {
#include "kernels/cpu/product_amx_tile.h"
} // namespace gorgon::HWY_NAMESPACE
HWY_POP_ATTRIBUTES
#undef GORGON_TILES
#else
namespace gorgon::HWY_NAMESPACE {
void slabOnTiles(const Matrix&, int64_t, int, int64_t, const RowTiles&, int64_t, const PanelOutput&)
{
}
void splitRows(const TilePart&, float*) { }
void releaseTiles() { }
} // namespace gorgon::HWY_NAMESPACE
#endif

#if HWY_ONCE
namespace gorgon {

HWY_EXPORT(slabOnTiles);
HWY_EXPORT(splitRows);
HWY_EXPORT(releaseTiles);

void amxSlab(const Matrix& w, int64_t first, int n_panels, int64_t next, const RowTiles& tiles,
    int64_t column, const PanelOutput& out)
{
    HWY_DYNAMIC_DISPATCH(slabOnTiles)(w, first, n_panels, next, tiles, column, out);
}

void amxRelease()
{
    HWY_DYNAMIC_DISPATCH(releaseTiles)();
}

void splitRowsOfTile(const TilePart& part, float* out)
{
    assert(part.length % 32 == 0);
    HWY_DYNAMIC_DISPATCH(splitRows)(part, out);
}

} // namespace gorgon
#endif
