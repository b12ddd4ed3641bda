// SPDX-License-Identifier: Apache-2.0
// The tensors of a model folder, whichever files hold them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/model/tensor_file.h"

namespace gorgon {

/// Points into a Checkpoint; valid while that lives.
struct StoredTensor
{
    const TensorFile* file = nullptr;
    const TensorInfo* info = nullptr;

    explicit operator bool() const { return info != nullptr; }
};

class Checkpoint
{
public:
    /// Opens model.safetensors, model.safetensors.index.json, pytorch_model.bin or
    /// pytorch_model.bin.index.json, the first there is. Throws std::runtime_error.
    static Checkpoint openFolder(const std::filesystem::path& folder);
    static Checkpoint openFile(const std::filesystem::path& file);
    /// Of tensors of which only names and shapes are known; `path` is for messages.
    static Checkpoint ofDescription(
        const std::filesystem::path& path, std::unique_ptr<TensorFile> description);
    /// True where the folder holds one of the names above.
    static bool isIn(const std::filesystem::path& folder);

    /// The file or index that was opened.
    const std::filesystem::path& path() const { return m_path; }
    const std::map<std::string, StoredTensor>& tensors() const { return m_tensors; }
    const std::vector<std::unique_ptr<TensorFile>>& files() const { return m_files; }
    /// Empty where there is no such tensor.
    StoredTensor find(const std::string& name) const;
    /// Takes tensors away and adds those of a view that is made from them; not one of files().
    void replace(const std::vector<std::string>& names, std::unique_ptr<TensorFile> view);

private:
    static Checkpoint openIndex(const std::filesystem::path& index);
    void add(std::unique_ptr<TensorFile> file);

    std::filesystem::path m_path;
    std::vector<std::unique_ptr<TensorFile>> m_files;
    std::vector<std::unique_ptr<TensorFile>> m_views;
    std::map<std::string, StoredTensor> m_tensors;
};

} // namespace gorgon
