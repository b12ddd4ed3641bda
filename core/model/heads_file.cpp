// SPDX-License-Identifier: Apache-2.0
#include "core/model/heads_file.h"

#include <algorithm>
#include <array>

#include "core/model/file_error.h"
#include "core/model/heads_assembler.h"
#include "core/model/heads_match.h"
#include "core/model/stored_values.h"

namespace gorgon {

namespace {

constexpr std::array kFileNames = {"medusa_lm_head.safetensors", "medusa_lm_head.pt"};
constexpr const char* kTensorrtFile = "rank0.safetensors";

bool isThere(const std::filesystem::path& path)
{
    std::error_code error;
    return std::filesystem::exists(std::filesystem::symlink_status(path, error)) && !error;
}

/// True of a head's block or matrix; "lm_head.weight" and "token_map" alone tell nothing.
bool namesHead(std::string_view name)
{
    const auto key = parseHeadName(name.substr(headPrefix(name).size()));
    return key && key->part != HeadKey::Part::one_vocab && key->part != HeadKey::Part::token_map;
}

bool namesBase(std::string_view name)
{
    for (const std::string_view start : {"model.", "transformer.", "language_model.", "gpt_neox."})
        if (name.starts_with(start))
            return true;
    return false;
}

HeadsExamination examined(const std::filesystem::path& path,
    std::shared_ptr<const Checkpoint> checkpoint, bool in_full_model)
{
    HeadsExamination result;
    StoredHeads& heads = result.heads;
    heads.path = path;
    heads.checkpoint = std::move(checkpoint);
    heads.in_full_model = in_full_model;
    std::error_code error;
    heads.stated = readHeadsStatement(
        std::filesystem::is_directory(path, error) ? path : path.parent_path());
    for (const std::string& sentence : assembleHeads(heads))
        result.problems.push_back(shown(path.string(), 4096) + ": " + sentence);
    return result;
}

HeadsExamination examineFile(const std::filesystem::path& file)
{
    auto checkpoint = std::make_shared<Checkpoint>(Checkpoint::openFile(file));
    const bool in_full_model = isFullModel(*checkpoint);
    HeadsExamination result = examined(file, std::move(checkpoint), in_full_model);
    if (file.filename() == kTensorrtFile && isThere(file.parent_path() / "rank1.safetensors"))
        result.problems.insert(result.problems.begin(),
            shown(file.string(), 4096)
                + ": a checkpoint of one rank was expected, rank1.safetensors lies beside it; take "
                  "one that was made for a single GPU (tp_size 1)");
    return result;
}

StoredHeads sound(HeadsExamination examination)
{
    if (examination.problems.empty())
        return std::move(examination.heads);
    const size_t more = examination.problems.size() - 1;
    throw std::runtime_error(examination.problems.front()
        + (more == 0 ? "" : " (and " + std::to_string(more) + " more; inspect lists them)"));
}

} // namespace

bool StoredHeads::isTruncated() const
{
    return token_map && own_vocab && token_map.info->shape.size() == 1
        && token_map.info->shape[0] == vocab_rows && stated.vocab.value_or(0) != vocab_rows;
}

bool isFullModel(const Checkpoint& checkpoint)
{
    bool has_heads = false;
    bool has_base = false;
    for (const auto& [name, tensor] : checkpoint.tensors()) {
        has_heads = has_heads || isHeadTensor(name);
        has_base = has_base || namesBase(name);
    }
    return has_heads && has_base;
}

bool holdsHeads(const Checkpoint& checkpoint)
{
    bool has_heads = false;
    bool has_base = false;
    for (const auto& [name, tensor] : checkpoint.tensors()) {
        if (isHeadTensor(name))
            return true;
        has_heads = has_heads || namesHead(name);
        has_base = has_base || namesBase(name);
    }
    return has_heads && !has_base;
}

HeadsExamination examineHeads(const std::filesystem::path& path)
{
    std::error_code error;
    if (!std::filesystem::is_directory(path, error))
        return examineFile(path);
    for (const char* name : kFileNames)
        if (isThere(path / name))
            return examineFile(path / name);
    if (!Checkpoint::isIn(path) && isThere(path / kTensorrtFile))
        return examineFile(path / kTensorrtFile);
    if (!Checkpoint::isIn(path))
        failFile(path,
            "Medusa heads were expected, there are none; looked for medusa_lm_head.safetensors, "
            "medusa_lm_head.pt, model.safetensors, pytorch_model.bin, their index and "
            "rank0.safetensors");
    auto checkpoint = std::make_shared<Checkpoint>(Checkpoint::openFolder(path));
    const bool in_full_model = isFullModel(*checkpoint);
    return examined(path, std::move(checkpoint), in_full_model);
}

StoredHeads openHeads(const std::filesystem::path& path)
{
    return sound(examineHeads(path));
}

std::optional<HeadsExamination> findAndExamineHeads(
    const std::filesystem::path& folder, std::shared_ptr<const Checkpoint> checkpoint)
{
    for (const char* name : kFileNames)
        if (isThere(folder / name))
            return examineFile(folder / name);
    if (std::any_of(checkpoint->tensors().begin(), checkpoint->tensors().end(),
            [](const auto& each) { return isHeadTensor(each.first); }))
        return examined(folder, std::move(checkpoint), true);
    const std::filesystem::path inner = folder / "heads";
    const auto has = [&](const char* name) { return isThere(inner / name); };
    if (has(kFileNames[0]) || has(kFileNames[1]) || has(kTensorrtFile) || Checkpoint::isIn(inner))
        return examineHeads(inner);
    return {};
}

std::optional<StoredHeads> findHeads(
    const std::filesystem::path& folder, std::shared_ptr<const Checkpoint> checkpoint)
{
    std::optional<HeadsExamination> found = findAndExamineHeads(folder, std::move(checkpoint));
    return found ? std::optional(sound(std::move(*found))) : std::nullopt;
}

std::string headsMismatch(const StoredHeads& heads, const ModelConfig& base)
{
    return shapeMismatch(
        {heads.width, heads.own_vocab ? heads.vocab_rows : 0, bool(heads.token_map)},
        {base.dim, base.vocab_size});
}

std::string headsFormat(const StoredHeads& heads)
{
    if (heads.heads.empty())
        return "";
    if (heads.naming == HeadsNaming::vllm)
        return "vllm";
    if (heads.naming == HeadsNaming::tensorrt)
        return "tensorrt-llm";
    return heads.in_full_model ? "full" : heads.own_vocab ? "v1" : "v2";
}

std::string headsFormatWords(const StoredHeads& heads)
{
    std::string text = headsFormat(heads);
    if (heads.naming == HeadsNaming::vllm)
        text = "vLLM";
    else if (heads.naming == HeadsNaming::tensorrt)
        text = "TensorRT-LLM";
    else if (heads.in_full_model)
        text = "in the checkpoint of the model";
    text += !heads.own_vocab ? " (vocabulary matrix of the base)"
        : heads.one_vocab    ? " (one vocabulary matrix for all heads)"
                             : " (own vocabulary matrix)";
    return text;
}

void dropBaseVocab(StoredHeads& heads, const StoredTensor& base_vocab)
{
    if (!heads.one_vocab || !base_vocab || heads.n_blocks == 0
        || !sameValues(heads.heads.front().vocab, base_vocab))
        return;
    for (StoredHead& head : heads.heads)
        head.vocab = {};
    heads.one_vocab = heads.own_vocab = false;
    heads.vocab_rows = 0;
}

} // namespace gorgon
