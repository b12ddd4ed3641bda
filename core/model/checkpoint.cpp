// SPDX-License-Identifier: Apache-2.0
#include "core/model/checkpoint.h"

#include <algorithm>
#include <set>

#include "core/model/file_error.h"
#include "core/model/json_file.h"

namespace gorgon {

namespace {

constexpr const char* kNames[] = {"model.safetensors", "model.safetensors.index.json",
    "pytorch_model.bin", "pytorch_model.bin.index.json"};
constexpr uint64_t kMaxIndexBytes = uint64_t(64) << 20;
constexpr size_t kMaxShards = 512; // each keeps a file descriptor

// Also true of a link that points nowhere, so that the error names it.
bool isThere(const std::filesystem::path& path)
{
    std::error_code error;
    return std::filesystem::symlink_status(path, error).type()
        != std::filesystem::file_type::not_found
        && !error;
}

bool isPlainName(const std::string& name)
{
    return !name.empty() && name.size() <= 255 && name != "." && name != ".."
        && name.find_first_of("/\\") == std::string::npos && name.find('\0') == std::string::npos;
}

/// The weights that lie in a folder under names which are not opened; "" where there are none.
std::string otherWeights(const std::filesystem::path& folder)
{
    constexpr size_t kMaxEntries = 10'000; // looked at
    size_t n = 0;
    std::set<std::string> names;
    std::error_code error;
    for (std::filesystem::directory_iterator entry(folder, error), end;
         !error && entry != end && n < kMaxEntries; entry.increment(error), ++n)
        names.insert(entry->path().filename().string());
    for (const std::string& name : names) {
        const bool is_safetensors = name.ends_with(".safetensors");
        if (name.find("-of-") != std::string::npos && (is_safetensors || name.ends_with(".bin")))
            return "the shards of a model lie here (" + shown(name) + "), their index "
                + (is_safetensors ? kNames[1] : kNames[3])
                + " does not; download or copy it from where they come from";
    }
    for (const std::string& name : names)
        if (name.ends_with(".gguf"))
            return "a GGUF file lies here (" + shown(name)
                + "), which is not supported; take the model's safetensors or pytorch_model.bin "
                  "files, from which it was made";
    return "";
}

std::string lowerCase(std::string text)
{
    for (char& c : text)
        if (c >= 'A' && c <= 'Z')
            c = char(c - 'A' + 'a');
    return text;
}

} // namespace

bool Checkpoint::isIn(const std::filesystem::path& folder)
{
    return std::any_of(std::begin(kNames), std::end(kNames),
        [&](const char* name) { return isThere(folder / name); });
}

Checkpoint Checkpoint::openFolder(const std::filesystem::path& folder)
{
    for (const char* name : kNames) {
        const std::filesystem::path path = folder / name;
        if (isThere(path))
            return path.extension() == ".json" ? openIndex(path) : openFile(path);
    }
    if (const std::string other = otherWeights(folder); !other.empty())
        failFile(folder, other);
    failFile(folder,
        "model.safetensors, pytorch_model.bin or their index was expected, none was found; give "
        "the folder "
        "that holds the weights");
}

Checkpoint Checkpoint::openFile(const std::filesystem::path& file)
{
    Checkpoint result;
    result.m_path = file;
    result.add(openTensorFile(file));
    return result;
}

Checkpoint Checkpoint::ofDescription(
    const std::filesystem::path& path, std::unique_ptr<TensorFile> description)
{
    Checkpoint result;
    result.m_path = path;
    result.add(std::move(description));
    return result;
}

Checkpoint Checkpoint::openIndex(const std::filesystem::path& index)
{
    Checkpoint result;
    result.m_path = index;
    const nlohmann::json root = readJsonFile(index, kMaxIndexBytes);
    const auto map = root.find("weight_map");
    if (map == root.end() || !map->is_object() || map->empty())
        failFile(index, "an object weight_map (tensor to file) was expected");

    std::set<std::string> shards;
    for (const auto& [tensor, shard] : map->items()) {
        if (!shard.is_string())
            failFile(index, "the file of \"" + shown(tensor) + "\" must be text");
        const std::string& name = shard.get_ref<const std::string&>();
        if (!isPlainName(name))
            failFile(index,
                "the file of \"" + shown(tensor) + "\" must lie in the same folder, found \""
                    + shown(name) + "\"");
        shards.insert(name);
    }
    if (shards.size() > kMaxShards)
        failFile(index, "at most " + std::to_string(kMaxShards) + " files were expected");
    std::set<std::string> folded;
    for (const std::string& name : shards) {
        if (!folded.insert(lowerCase(name)).second)
            failFile(index, "two of its files differ by case alone: \"" + shown(name) + "\"");
        if (!isThere(index.parent_path() / name))
            failFile(index,
                "the file \"" + shown(name) + "\" is listed but not there; download or copy it");
        result.add(openTensorFile(index.parent_path() / name));
    }
    for (const auto& [tensor, shard] : map->items()) {
        const StoredTensor found = result.find(tensor);
        if (!found || found.file->path().filename() != shard.get_ref<const std::string&>())
            failFile(index,
                "the tensor \"" + shown(tensor) + "\" was expected in \""
                    + shown(shard.get_ref<const std::string&>()) + "\", "
                    + (found ? "it is in \"" + shown(found.file->path().filename().string()) + "\""
                             : std::string("it is in no file")));
    }
    return result;
}

StoredTensor Checkpoint::find(const std::string& name) const
{
    const auto place = m_tensors.find(name);
    return place == m_tensors.end() ? StoredTensor() : place->second;
}

void Checkpoint::replace(const std::vector<std::string>& names, std::unique_ptr<TensorFile> view)
{
    for (const std::string& name : names)
        m_tensors.erase(name);
    for (const auto& [name, info] : view->tensors())
        if (!m_tensors.emplace(name, StoredTensor{view.get(), &info}).second)
            failFile(m_path, "the tensor \"" + shown(name) + "\" is there twice, once packed");
    m_views.push_back(std::move(view));
}

void Checkpoint::add(std::unique_ptr<TensorFile> file)
{
    for (const auto& [name, info] : file->tensors()) {
        const auto [place, is_new] = m_tensors.emplace(name, StoredTensor{file.get(), &info});
        if (!is_new)
            failFile(file->path(),
                "the tensor \"" + shown(name) + "\" is also in \""
                    + shown(place->second.file->path().filename().string()) + "\"");
    }
    m_files.push_back(std::move(file));
}

} // namespace gorgon
