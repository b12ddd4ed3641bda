// SPDX-License-Identifier: Apache-2.0
// Keys and values on their way into the cache's format and back.
#pragma once

#include "kernels/cpu/kv_layout.h"

namespace gorgon {

/// Stores one head of a slot: key and value of layout.headDim() floats each, rounded to nearest
/// even. f16: finite numbers beyond +-65504 become that, what is not finite NaN; q8: a head that is
/// not finite throughout gets the scale NaN.
void storeKv(const KvLayout& layout, int head, int64_t slot, const float* key, const float* value);

/// The same head as floats.
void loadKv(const KvLayout& layout, int head, int64_t slot, float* key, float* value);

/// Copies the bits of a slot's head to another slot.
void moveKv(const KvLayout& layout, int head, int64_t from, int64_t to);

} // namespace gorgon
