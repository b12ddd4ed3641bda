// SPDX-License-Identifier: Apache-2.0
// The values of stored tensors, read a block at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>

#include "core/model/checkpoint.h"

namespace gorgon {

/// Gives `take` the bytes of a tensor in order. Throws LoadCancelled once `stop` is triggered.
void forEachBlock(const StoredTensor& tensor,
    const std::function<void(std::span<const std::byte>)>& take, const std::stop_token& stop = {});

/// Same type, shape and bits.
bool sameValues(const StoredTensor& a, const StoredTensor& b, const std::stop_token& stop = {});

struct ValueCounts
{
    uint64_t n_nan = 0;
    uint64_t n_infinite = 0;
    bool all_zero = true;
};

/// Of an F32, F16 or BF16 tensor; nothing is counted in others.
ValueCounts countValues(const StoredTensor& tensor, const std::stop_token& stop = {});

} // namespace gorgon
