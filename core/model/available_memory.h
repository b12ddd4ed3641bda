// SPDX-License-Identifier: Apache-2.0
// How much main memory this process can still have.
#pragma once

#include <cstdint>
#include <optional>

namespace gorgon {

/// The smaller of what the system and the control groups of this process leave, in bytes; nothing
/// where neither says.
std::optional<uint64_t> availableMemory();

} // namespace gorgon
