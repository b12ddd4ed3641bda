// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "core/model/tensor_file.h"

namespace gorgon::tests {

/// Whatever opens must lie within the file and be read to the last byte.
inline void readEverything(const TensorFile& file)
{
    for (const auto& [name, tensor] : file.tensors()) {
        uint64_t n = 0;
        if (!elementCount(tensor.shape, n) || n * elementBytes(tensor.dtype) != tensor.bytes)
            std::abort();
        if (tensor.offset > file.bytes() || tensor.bytes > file.bytes() - tensor.offset)
            std::abort();
        std::vector<std::byte> bytes(tensor.bytes);
        file.read(tensor, 0, bytes);
    }
}

} // namespace gorgon::tests
