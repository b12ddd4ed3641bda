// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/buffer.h"

namespace gorgon {

/// Zeroed memory aligned to 64 bytes; of several megabytes: untouched pages, huge where the system
/// has them. Throws std::bad_alloc.
Buffer allocateHost(size_t bytes);

/// a * b, for sizes. Throws std::bad_alloc where it does not fit.
size_t productOf(size_t a, size_t b);

} // namespace gorgon
