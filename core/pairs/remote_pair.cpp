// SPDX-License-Identifier: Apache-2.0
#include "core/pairs/remote_pair.h"

#include <algorithm>
#include <stdexcept>

#include "core/model/described_file.h"
#include "core/model/file_error.h"
#include "core/model/heads_assembler.h"
#include "core/model/json_file.h"
#include "core/model/packed_weights.h"
#include "core/model/safetensors.h"
#include "kernels/step_state.h"

namespace gorgon {

namespace {

using nlohmann::json;
using Tensors = std::map<std::string, TensorInfo>;

constexpr const char* kConfig = "config.json";
constexpr const char* kWeights = "model.safetensors";
constexpr uint64_t kMostOfHeader = 160; // bytes that a file spends on a tensor's name and shape
constexpr uint64_t kMaxOverhead = 256 << 10; // of a torch archive with some dozens of tensors

/// "ORG/NAME/config.json": the path that messages name.
std::filesystem::path placeOf(const ModelFacts& facts, const std::string& path = {})
{
    const std::filesystem::path repository(facts.repository);
    return path.empty() ? repository : repository / path;
}

std::optional<json> readText(const ModelFacts& facts, const std::string& path)
{
    const auto found = facts.texts.find(path);
    if (found == facts.texts.end())
        return {};
    json root = parseJson(found->second, placeOf(facts, path));
    if (!root.is_object())
        failFile(placeOf(facts, path), "a JSON object was expected");
    return root;
}

uint64_t bytesOf(const ModelFacts& facts, const std::string& path)
{
    for (const FactFile& file : facts.files)
        if (file.path == path)
            return file.bytes;
    return 0;
}

Tensors headerTensors(const ModelFacts& facts, const std::string& path)
{
    const std::string& header = facts.headers.at(path);
    const uint64_t bytes = bytesOf(facts, path);
    if (bytes < 8 + header.size())
        failFile(placeOf(facts, path), "its header is longer than the file; it is damaged");
    return parseSafetensorsHeader(header, bytes - 8 - header.size(), placeOf(facts, path));
}

bool isShard(const std::string& path)
{
    return path.find(".safetensors") != std::string::npos || path.ends_with(".bin");
}

/// The tensors that model.safetensors.index.json names, of a sharded model.
std::vector<std::string> indexedNames(const ModelFacts& facts)
{
    std::vector<std::string> names;
    for (const char* path : {"model.safetensors.index.json", "pytorch_model.bin.index.json"}) {
        const std::optional<json> index = readText(facts, path);
        if (!index)
            continue;
        if (const auto map = index->find("weight_map"); map != index->end() && map->is_object())
            for (const auto& [name, shard] : map->items())
                names.push_back(name);
        break;
    }
    return names;
}

/// By what config.json says, unless the files have twice or half as many bytes.
std::string storedType(const ModelFacts& facts, const ModelConfig& config)
{
    uint64_t bytes = 0;
    for (const FactFile& file : facts.files)
        if (isShard(file.path) && !file.path.ends_with(".json")
            && !file.path.starts_with("medusa_lm_head"))
            bytes += file.bytes;
    const Tensors tensors = describeModel(config, "F32");
    bytes -= std::min(bytes, kMostOfHeader * tensors.size());
    const double per_weight = double(bytes) / double(countParameters(tensors));
    const bool is_wide = per_weight > 3;
    if (is_wide || (bytes == 0 && config.stored_dtype == "float32"))
        return "F32";
    return config.stored_dtype == "float16" ? "F16" : "BF16";
}

/// Matrices of the layers, which packing makes smaller; all else is stored as it is.
bool isPackable(const std::string& name)
{
    return name.ends_with("_proj.weight");
}

StoredHeads assembled(const ModelFacts& facts, const std::string& path, Tensors tensors,
    const HeadsStatement& stated, bool in_full_model)
{
    StoredHeads heads;
    heads.path = placeOf(facts, path);
    heads.stated = stated;
    heads.in_full_model = in_full_model;
    heads.checkpoint = std::make_shared<Checkpoint>(Checkpoint::ofDescription(
        heads.path, std::make_unique<DescribedFile>(heads.path, std::move(tensors))));
    const std::vector<std::string> problems = assembleHeads(heads);
    if (!problems.empty())
        failFile(heads.path, problems.front());
    return heads;
}

Tensors describeHeads(const std::string& prefix, int64_t n_heads, int64_t n_blocks, int64_t width,
    int64_t vocab, const std::string& dtype)
{
    Tensors tensors;
    for (int i = 0; i < n_heads; ++i) {
        for (int j = 0; j < n_blocks; ++j) {
            HeadKey key{HeadsNaming::medusa, HeadKey::Part::weight, i, j};
            tensors[prefix + headTensorName(key)] = describedTensor(dtype, {width, width});
            key.part = HeadKey::Part::bias;
            tensors[prefix + headTensorName(key)] = describedTensor(dtype, {width});
        }
        if (vocab > 0)
            tensors[prefix
                + headTensorName({HeadsNaming::medusa, HeadKey::Part::vocab, i, int(n_blocks)})]
                = describedTensor(dtype, {vocab, width});
    }
    return tensors;
}

/// Heads within a sharded model: names are in its index, shapes follow from the base.
Tensors headsOfIndex(const std::vector<std::string>& names, const ModelConfig& base)
{
    Tensors tensors;
    for (const std::string& name : names) {
        const std::string_view prefix = headPrefix(name);
        const auto key = prefix.empty()
            ? std::nullopt
            : parseHeadName(std::string_view(name).substr(prefix.size()));
        if (!key)
            continue;
        const bool is_bias = key->part == HeadKey::Part::bias;
        const int64_t rows = key->part == HeadKey::Part::vocab ? base.vocab_size : base.dim;
        tensors[name] = describedTensor(
            "BF16", is_bias ? std::vector<int64_t>{rows} : std::vector<int64_t>{rows, base.dim});
    }
    return tensors;
}

void requireFacts(const ModelFacts& facts)
{
    if (!facts.unread.empty())
        throw std::runtime_error(facts.unread);
    if (!facts.problem.empty())
        failFile(placeOf(facts), facts.problem);
}

} // namespace

RemoteBase readRemoteBase(const ModelFacts& facts)
{
    requireFacts(facts);
    const std::optional<json> root = readText(facts, kConfig);
    if (!root)
        failFile(placeOf(facts), "config.json was expected, there is none; choose a base model");
    if (!facts.has_weights)
        failFile(placeOf(facts),
            "weights of a base model were expected, it holds Medusa heads alone; choose the model "
            "they were made for");
    RemoteBase base;
    base.config = parseModelConfig(*root, placeOf(facts, kConfig));
    const std::optional<json> old = readText(facts, "quantize_config.json");
    const auto packing = parsePackingConfig(*root, old ? &*old : nullptr, placeOf(facts));
    Tensors tensors;
    if (facts.headers.contains(kWeights) && !packing)
        tensors = headerTensors(facts, kWeights);
    else
        tensors = describeModel(base.config, packing ? "F16" : storedType(facts, base.config));
    Tensors packed;
    if (packing) {
        base.packed_dtype = nearestFormat(*packing);
        for (auto each = tensors.begin(); each != tensors.end();)
            if (isPackable(each->first))
                packed.insert(tensors.extract(each++));
            else
                ++each;
    }
    const std::filesystem::path place = placeOf(facts);
    Checkpoint checkpoint = Checkpoint::ofDescription(
        place, std::make_unique<DescribedFile>(place, std::move(tensors)));
    if (packing) {
        auto view = std::make_unique<DescribedFile>(place, std::move(packed));
        base.packed = view.get();
        checkpoint.replace({}, std::move(view));
    }
    base.checkpoint = std::make_shared<Checkpoint>(std::move(checkpoint));
    return base;
}

RemoteHeads readRemoteHeads(const ModelFacts& facts)
{
    requireFacts(facts);
    RemoteHeads result;
    const std::optional<json> root = readText(facts, kConfig);
    if (root)
        result.stated = parseHeadsStatement(*root);
    const std::string own_file = "medusa_lm_head.safetensors";
    const std::string pickle = "medusa_lm_head.pt";
    if (facts.headers.contains(own_file)) {
        result.heads
            = assembled(facts, own_file, headerTensors(facts, own_file), result.stated, false);
        return result;
    }
    if (const uint64_t bytes = bytesOf(facts, pickle); facts.has_heads && bytes > 0) {
        result.file_bytes = bytes;
        return result;
    }
    if (facts.headers.contains(kWeights)) {
        const Tensors tensors = headerTensors(facts, kWeights);
        const bool is_full = std::any_of(tensors.begin(), tensors.end(), [](const auto& each) {
            return each.first.starts_with("model.") || each.first == "embed_tokens.weight";
        });
        result.in_full_model = is_full;
        result.heads = assembled(facts, kWeights, tensors, result.stated, is_full);
        return result;
    }
    const std::vector<std::string> names = indexedNames(facts);
    if (std::any_of(names.begin(), names.end(), isHeadTensor) && root) {
        const ModelConfig config = parseModelConfig(*root, placeOf(facts, kConfig));
        result.in_full_model = true;
        result.heads = assembled(facts, kConfig, headsOfIndex(names, config), result.stated, true);
        return result;
    }
    if (facts.has_weights && result.stated.heads.value_or(0) > 0) {
        // One unsharded pickle with the model and its heads: what config.json says is all there is.
        const ModelConfig config = parseModelConfig(*root, placeOf(facts, kConfig));
        const int64_t n = std::min<int64_t>(*result.stated.heads, kMaxHeads);
        const int64_t n_blocks = std::clamp<int64_t>(result.stated.blocks.value_or(1), 0, 8);
        result.in_full_model = true;
        result.heads = assembled(facts, kConfig,
            describeHeads(
                std::string(kFullModelPrefix), n, n_blocks, config.dim, config.vocab_size, "BF16"),
            result.stated, true);
        return result;
    }
    failFile(placeOf(facts),
        "Medusa heads were expected, there are none; choose a repository with medusa_lm_head or "
        "medusa_head tensors");
}

std::optional<StoredHeads> headsOfSize(
    uint64_t file_bytes, const ModelConfig& base, const HeadsStatement& stated)
{
    const int64_t stated_blocks = std::clamp<int64_t>(stated.blocks.value_or(1), 0, 8);
    for (const int64_t n_blocks : {stated_blocks, int64_t(1)})
        for (const bool own_vocab : {true, false})
            for (const char* dtype : {"F16", "F32"}) {
                const Tensors one = describeHeads(
                    "", 1, n_blocks, base.dim, own_vocab ? base.vocab_size : 0, dtype);
                const uint64_t bytes = countParameters(one) * elementBytes(dtype);
                const uint64_t n = bytes == 0 ? 0 : file_bytes / bytes;
                if (n < 1 || n > kMaxHeads || file_bytes - n * bytes > kMaxOverhead)
                    continue;
                ModelFacts facts;
                return assembled(facts, "medusa_lm_head.pt",
                    describeHeads(
                        "", int64_t(n), n_blocks, base.dim, own_vocab ? base.vocab_size : 0, dtype),
                    stated, false);
            }
    return {};
}

} // namespace gorgon
