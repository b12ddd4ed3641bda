// SPDX-License-Identifier: Apache-2.0
// A file that holds named tensors, whatever its container. Everything was checked when it was
// opened.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/model/plain_file.h"

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
    /// "safetensors" or "torch archive".
    virtual const char* format() const = 0;

    virtual const std::filesystem::path& path() const { return m_file.path(); }
    uint64_t bytes() const { return m_file.bytes(); }
    const std::map<std::string, TensorInfo>& tensors() const { return m_tensors; }
    /// How a tensor lies in the file, where it is read as something else.
    virtual std::string storedAs(const TensorInfo& tensor) const { return tensor.dtype; }
    virtual uint64_t storedBytes(const TensorInfo& tensor) const { return tensor.bytes; }

    /// Reads bytes [first, first + out.size()) of a tensor. Throws std::runtime_error where the
    /// file has become shorter since it was opened.
    virtual void read(const TensorInfo& tensor, uint64_t first, std::span<std::byte> out) const;
    /// Bytes from `first` on, and what follows the tensor in the file, will be read soon.
    virtual void expect(const TensorInfo& tensor, uint64_t first, uint64_t bytes) const;

protected:
    PlainFile m_file; // opened once
    std::map<std::string, TensorInfo> m_tensors;
};

/// Opens by content: safetensors or a torch zip archive. Throws std::runtime_error with one
/// sentence.
std::unique_ptr<TensorFile> openTensorFile(const std::filesystem::path& path);

/// Bytes of one element, 0 for a dtype that is not known or not a whole number of bytes.
uint64_t elementBytes(const std::string& dtype);

/// The number of elements, or nothing where it does not fit 63 bits. A rank of 0 has one.
bool elementCount(const std::vector<int64_t>& shape, uint64_t& count);

} // namespace gorgon
