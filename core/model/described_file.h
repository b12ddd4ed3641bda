// SPDX-License-Identifier: Apache-2.0
// Tensors of which only names, types and shapes are known: what plans need of a file that is not
// here.
#pragma once

#include "core/model/model_config.h"
#include "core/model/tensor_file.h"

namespace gorgon {

class DescribedFile : public TensorFile
{
public:
    DescribedFile(std::filesystem::path path, std::map<std::string, TensorInfo> tensors);

    const char* format() const override { return "description"; }
    const std::filesystem::path& path() const override { return m_path; }
    /// Throws std::runtime_error: there are no bytes.
    void read(const TensorInfo& tensor, uint64_t first, std::span<std::byte> out) const override;
    void expect(const TensorInfo&, uint64_t, uint64_t) const override { }

private:
    std::filesystem::path m_path;
};

/// A tensor of that type and shape, at no place. Throws std::runtime_error where it is larger than
/// any file.
TensorInfo describedTensor(const std::string& dtype, std::vector<int64_t> shape);

/// The tensors that a base model of this configuration is stored as, all of one type.
std::map<std::string, TensorInfo> describeModel(
    const ModelConfig& config, const std::string& dtype);

/// Numbers in those tensors.
uint64_t countParameters(const std::map<std::string, TensorInfo>& tensors);

} // namespace gorgon
