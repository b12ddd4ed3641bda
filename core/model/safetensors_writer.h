// SPDX-License-Identifier: Apache-2.0
// Writes safetensors files from stored tensors, a block at a time, with their types and bits.
#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/model/checkpoint.h"

namespace gorgon {

struct OutputTensor
{
    std::string name;
    StoredTensor from; // copied as it is
    std::vector<int64_t> zeros; // if not empty: zeros of this shape and of the type of `from`

    const std::vector<int64_t>& shape() const;
    uint64_t bytes() const;
};

uint64_t totalBytes(const std::vector<OutputTensor>& tensors);

/// Makes a new file. on_bytes: of tensors, as they are written. Throws LoadCancelled.
void writeSafetensors(const std::filesystem::path& file, std::vector<OutputTensor> tensors,
    const std::function<void(uint64_t)>& on_bytes = {}, const std::stop_token& stop = {});

} // namespace gorgon
