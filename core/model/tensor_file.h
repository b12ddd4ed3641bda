// SPDX-License-Identifier: Apache-2.0
// A file that holds named tensors, whatever its container. Everything was checked when it was opened.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace gorgon {

struct TensorInfo
{
    std::string dtype; // "F32", "BF16", "F16", "I64", ...
    std::vector<int64_t> shape; // row-major, contiguous
    uint64_t offset = 0; // in the file
    uint64_t bytes = 0;
};

class TensorFile
{
public:
    virtual ~TensorFile() = default;
    const std::filesystem::path& path() const { return m_path; }
    const std::map<std::string, TensorInfo>& tensors() const { return m_tensors; }

    /// Reads bytes [first, first + out.size()) of a tensor. Throws std::runtime_error where the file has
    /// become shorter since it was opened.
    void read(const TensorInfo& tensor, uint64_t first, std::span<std::byte> out) const;

protected:
    std::filesystem::path m_path;
    std::map<std::string, TensorInfo> m_tensors;
    int m_descriptor = -1; // opened once; a plain file
};

/// Opens by content: safetensors or a torch zip archive. Throws std::runtime_error with one sentence.
std::unique_ptr<TensorFile> openTensorFile(const std::filesystem::path& path);

} // namespace gorgon
