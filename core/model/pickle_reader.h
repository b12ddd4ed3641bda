// SPDX-License-Identifier: Apache-2.0
// The pickle inside a torch archive, read as data: no name in it is ever looked up or called.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace gorgon {

constexpr uint64_t kMaxPickleBytes = uint64_t(16) << 20;

struct PickledTensor
{
    std::string name;
    std::string dtype; // "F16", as in TensorInfo
    std::string storage; // key of the record that holds its elements
    int64_t storage_elements = 0; // as stated
    int64_t offset = 0; // elements
    std::vector<int64_t> shape;
    std::vector<int64_t> strides; // elements
};

/// The tensors of a pickled dictionary, or of the "state_dict" in one that holds none itself.
/// Throws std::runtime_error ("FILE: ...") on anything else than dictionaries, lists, tuples, text,
/// numbers and torch's tensors. `file` is for messages.
std::vector<PickledTensor> readPickle(std::string_view bytes, const std::filesystem::path& file);

} // namespace gorgon
