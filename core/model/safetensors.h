// SPDX-License-Identifier: Apache-2.0
// safetensors: u64 length of a JSON header, the header, then the tensors' bytes without gap or
// overlap.
#pragma once

#include <memory>

#include "core/model/tensor_file.h"

namespace gorgon {

constexpr uint64_t kMaxSafetensorsHeader = 100'000'000; // bytes; the format's own limit
constexpr size_t kMaxTensors = 500'000; // of one file
constexpr size_t kMaxRank = 16;

std::unique_ptr<TensorFile> openSafetensors(PlainFile file);

/// The tensors that a header names, as openSafetensors checks them; their bytes follow it without
/// gap and are data_bytes in all. `path` is for messages.
std::map<std::string, TensorInfo> parseSafetensorsHeader(
    const std::string& header, uint64_t data_bytes, const std::filesystem::path& path);

} // namespace gorgon
