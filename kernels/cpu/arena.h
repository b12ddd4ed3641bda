// SPDX-License-Identifier: Apache-2.0
// Memory in which the ends of buffers share huge pages: a matrix of three megabytes in pages of
// 4 KB is read at three quarters of the speed.
#pragma once

#include "kernels/buffer.h"

namespace gorgon {

/// Zeroed, untouched memory aligned to 64 bytes, from regions of huge pages where the system has
/// them. What is released goes back to the system; its addresses do when all of its region is
/// released. For buffers of a quarter of a megabyte and more, on Linux. Throws std::bad_alloc.
Buffer allocateInArena(size_t bytes);

} // namespace gorgon
