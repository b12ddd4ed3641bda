// SPDX-License-Identifier: Apache-2.0
#include "core/hub/choose_files.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <string_view>

namespace gorgon {

namespace {

constexpr std::array<std::string_view, 14> kSmallFiles = {"config.json", "generation_config.json",
    "quantize_config.json", "tokenizer.json", "tokenizer.model", "tokenizer_config.json",
    "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt",
    "chat_template.jinja", "chat_template.json", "medusa_choices.json", "LICENSE"};
constexpr std::string_view kMoreTemplates = "additional_chat_templates/";
constexpr uint64_t kMaxSmallBytes = uint64_t(64) << 20;

bool isTemplate(const RemoteFile& file)
{
    const std::string_view path = file.path;
    return path.starts_with(kMoreTemplates) && path.ends_with(".jinja")
        && path.find('/', kMoreTemplates.size()) == path.npos && file.bytes <= kMaxSmallBytes;
}

bool isSmallFile(const RemoteFile& file)
{
    return std::find(kSmallFiles.begin(), kSmallFiles.end(), file.path) != kSmallFiles.end()
        && file.bytes <= kMaxSmallBytes;
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

using Places = std::vector<size_t>; // in the list of files

/// The weights NAME, or NAME.index.json with its shards; empty where they are not there whole.
/// `n_shards` gets how many there are of them.
Places weightsNamed(const std::vector<RemoteFile>& files, const std::string& name, size_t& n_shards)
{
    const std::string ending = name.substr(name.rfind('.'));
    const std::string stem = name.substr(0, name.rfind('.')) + "-";
    const std::string index_name = name + ".index.json";
    std::optional<size_t> index;
    Places shards;
    for (size_t i = 0; i < files.size(); ++i) {
        const std::string& path = files[i].path;
        if (path == name)
            return {i};
        if (path == index_name)
            index = i;
        else if (path.starts_with(stem) && path.ends_with(ending)
            && wholeName(path, ending) == name)
            shards.push_back(i);
    }
    if (!index || shards.empty())
        return {};
    n_shards = std::max(n_shards, shards.size());
    if (shards.size() > kMaxShards || shards.size() != nShards(files[shards.front()].path))
        return {};
    shards.insert(shards.begin(), *index);
    return shards;
}

std::string problemOf(const std::vector<RemoteFile>& files, size_t n_shards)
{
    if (n_shards > kMaxShards)
        return "weights in at most " + std::to_string(kMaxShards) + " shards were expected, found "
            + std::to_string(n_shards) + "; choose another model";
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

bool isWeight(const RemoteFile& file)
{
    return file.path.find(".safetensors") != std::string::npos || file.path.ends_with(".bin")
        || file.path.find(".bin.index") != std::string::npos || file.path.ends_with(".pt");
}

} // namespace

uint64_t ChosenFiles::bytes() const
{
    uint64_t sum = 0;
    for (const RemoteFile& file : files)
        sum += file.bytes;
    return sum;
}

std::vector<std::string> ChosenFiles::pathsWithoutWeights() const
{
    std::vector<std::string> paths;
    for (const RemoteFile& file : files)
        if (!isWeight(file))
            paths.push_back(file.path);
    return paths;
}

ChosenFiles chooseFiles(const std::vector<RemoteFile>& files)
{
    ChosenFiles chosen;
    std::vector<bool> is_chosen(files.size());
    Places templates;
    for (size_t i = 0; i < files.size(); ++i) {
        is_chosen[i] = isSmallFile(files[i]);
        if (isTemplate(files[i]))
            templates.push_back(i);
    }
    std::sort(templates.begin(), templates.end(),
        [&](size_t a, size_t b) { return files[a].path < files[b].path; });
    templates.resize(std::min(templates.size(), kMaxTemplates));
    for (const size_t i : templates)
        is_chosen[i] = true;
    size_t n_shards = 0;
    const auto takeFirst = [&](std::initializer_list<const char*> names) {
        for (const char* name : names) {
            const Places found = weightsNamed(files, name, n_shards);
            for (const size_t i : found)
                is_chosen[i] = true;
            chosen.has_pickle
                |= !found.empty() && !std::string_view(name).ends_with(".safetensors");
            if (!found.empty())
                return true;
        }
        return false;
    };
    chosen.has_weights = takeFirst({"model.safetensors", "pytorch_model.bin"});
    chosen.has_heads = takeFirst({"medusa_lm_head.safetensors", "medusa_lm_head.pt"});
    for (size_t i = 0; i < files.size(); ++i)
        if (is_chosen[i])
            chosen.files.push_back(files[i]);
        else
            chosen.left_out.push_back(files[i].path);
    std::stable_sort(
        chosen.files.begin(), chosen.files.end(), [](const RemoteFile& a, const RemoteFile& b) {
            return std::pair(isWeight(a), std::string_view(a.path))
                < std::pair(isWeight(b), std::string_view(b.path));
        });
    if (!chosen.has_weights && !chosen.has_heads)
        chosen.problem = problemOf(files, n_shards);
    return chosen;
}

} // namespace gorgon
