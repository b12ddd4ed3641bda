// SPDX-License-Identifier: Apache-2.0
#include "core/hub/choose_files.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <string_view>

namespace gorgon {

namespace {

constexpr std::array<std::string_view, 14> kSmallFiles = {"config.json", "generation_config.json",
    "quantize_config.json", "tokenizer.json", "tokenizer.model", "tokenizer_config.json",
    "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt",
    "chat_template.jinja", "chat_template.json", "medusa_choices.json", "LICENSE"};
constexpr std::string_view kMoreTemplates = "additional_chat_templates/";
constexpr uint64_t kMaxSmallBytes = uint64_t(64) << 20;

bool isSmallFile(const RemoteFile& file)
{
    const std::string_view path = file.path;
    const bool is_known
        = std::find(kSmallFiles.begin(), kSmallFiles.end(), path) != kSmallFiles.end();
    const bool is_template = path.starts_with(kMoreTemplates) && path.ends_with(".jinja")
        && path.find('/', kMoreTemplates.size()) == path.npos;
    return (is_known || is_template) && file.bytes <= kMaxSmallBytes;
}

/// "model-00001-of-00003.safetensors" is a shard of "model.safetensors".
std::string wholeName(const std::string& path, std::string_view ending)
{
    const std::string stem = path.substr(0, path.size() - ending.size());
    const size_t of = stem.rfind("-of-");
    const size_t dash = of == stem.npos || of == 0 ? stem.npos : stem.rfind('-', of - 1);
    if (dash == stem.npos)
        return path;
    const auto is_number = [&](size_t begin, size_t end) {
        return end > begin && stem.find_first_not_of("0123456789", begin) >= end;
    };
    const bool is_shard = is_number(dash + 1, of)
        && stem.find_first_not_of("0123456789", of + 4) == stem.npos && of + 4 < stem.size();
    return is_shard ? stem.substr(0, dash) + std::string(ending) : path;
}

/// The 3 of "model-00001-of-00003.safetensors".
size_t nShards(const std::string& path)
{
    const size_t of = path.rfind("-of-") + 4;
    size_t n = 0;
    std::from_chars(path.data() + of, path.data() + path.size(), n);
    return n;
}

/// The weights NAME and NAME.index.json with its shards; empty where they are not there whole.
std::vector<RemoteFile> weightsNamed(const std::vector<RemoteFile>& files, const std::string& name)
{
    const std::string ending = name.substr(name.rfind('.'));
    std::vector<RemoteFile> shards, index;
    for (const RemoteFile& file : files) {
        if (file.path == name)
            return {file};
        if (file.path == name + ".index.json")
            index.push_back(file);
        else if (file.path.ends_with(ending) && wholeName(file.path, ending) == name)
            shards.push_back(file);
    }
    if (index.empty() || shards.empty() || shards.size() != nShards(shards.front().path))
        return {};
    shards.insert(shards.begin(), index.front());
    return shards;
}

std::string problemOf(const std::vector<RemoteFile>& files)
{
    std::map<std::string, int> endings;
    for (const RemoteFile& file : files)
        for (const char* ending : {".gguf", ".onnx", ".h5", ".msgpack", ".ggml", ".tflite", ".bin",
                 ".pt", ".pth", ".safetensors"})
            if (file.path.ends_with(ending))
                ++endings[ending];
    std::string found;
    for (const auto& [ending, n] : endings)
        found += (found.empty() ? "" : ", ") + std::to_string(n) + " " + ending;
    return "model.safetensors, pytorch_model.bin, their shards or medusa_lm_head were expected, "
           "found "
        + (found.empty() ? "no weights" : found) + "; choose a model with weights as safetensors";
}

} // namespace

uint64_t ChosenFiles::bytes() const
{
    uint64_t sum = 0;
    for (const RemoteFile& file : files)
        sum += file.bytes;
    return sum;
}

ChosenFiles chooseFiles(const std::vector<RemoteFile>& files)
{
    ChosenFiles chosen;
    for (const RemoteFile& file : files)
        if (isSmallFile(file))
            chosen.files.push_back(file);
    const auto takeFirst = [&](std::initializer_list<const char*> names) {
        for (const char* name : names) {
            const std::vector<RemoteFile> found = weightsNamed(files, name);
            if (found.empty())
                continue;
            chosen.files.insert(chosen.files.end(), found.begin(), found.end());
            const std::string_view whole = name;
            chosen.has_pickle |= !whole.ends_with(".safetensors");
            return true;
        }
        return false;
    };
    chosen.has_weights = takeFirst({"model.safetensors", "pytorch_model.bin"});
    chosen.has_heads = takeFirst({"medusa_lm_head.safetensors", "medusa_lm_head.pt"});
    const auto is_chosen = [&](const RemoteFile& file) {
        return std::find(chosen.files.begin(), chosen.files.end(), file) != chosen.files.end();
    };
    for (const RemoteFile& file : files)
        if (!is_chosen(file))
            chosen.left_out.push_back(file.path);
    const auto is_weight = [](const RemoteFile& file) {
        return file.path.find(".safetensors") != std::string::npos || file.path.ends_with(".bin")
            || file.path.find(".bin.index") != std::string::npos || file.path.ends_with(".pt");
    };
    std::stable_sort(
        chosen.files.begin(), chosen.files.end(), [&](const RemoteFile& a, const RemoteFile& b) {
            return std::pair(is_weight(a), std::string_view(a.path))
                < std::pair(is_weight(b), std::string_view(b.path));
        });
    if (!chosen.has_weights && !chosen.has_heads)
        chosen.problem = problemOf(files);
    return chosen;
}

} // namespace gorgon
