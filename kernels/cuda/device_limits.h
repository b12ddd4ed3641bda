// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace gorgon::cuda {

constexpr int kWarp = 32; // threads

/// Shared memory of one block that every supported device has: 99 KB (8.6, 8.9, 12.0).
constexpr size_t kSharedOfEvery = 101376;

} // namespace gorgon::cuda
