// SPDX-License-Identifier: Apache-2.0
// Names: {head}.{block}.linear.weight, {head}.{block}.linear.bias, {head}.{n_blocks}.weight; in a
// full-model checkpoint behind "medusa_head.".
#include "core/model/heads_file.h"

#include <array>
#include <charconv>

#include "core/model/file_error.h"
#include "core/model/json_file.h"
#include "kernels/step_state.h"

namespace gorgon {

namespace {

constexpr std::string_view kPrefix = "medusa_head.";
constexpr std::array kFileNames = {"medusa_lm_head.safetensors", "medusa_lm_head.pt"};
constexpr int kMaxBlocks = 32;

struct HeadKey
{
    enum class Part : uint8_t
    {
        weight,
        bias,
        vocab,
    };
    int head = 0;
    int block = 0; // for vocab: the number of blocks
    Part part = Part::weight;
};

bool takeNumber(std::string_view& text, int& number)
{
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const size_t n = size_t(end - text.data());
    if (error != std::errc() || number < 0 || n == text.size() || text[n] != '.'
        || (n > 1 && text[0] == '0'))
        return false;
    text.remove_prefix(n + 1);
    return true;
}

std::optional<HeadKey> parseKey(std::string_view name)
{
    HeadKey key;
    if (!takeNumber(name, key.head) || !takeNumber(name, key.block))
        return {};
    if (name == "linear.weight")
        key.part = HeadKey::Part::weight;
    else if (name == "linear.bias")
        key.part = HeadKey::Part::bias;
    else if (name == "weight")
        key.part = HeadKey::Part::vocab;
    else
        return {};
    return key;
}

bool isThere(const std::filesystem::path& path)
{
    std::error_code error;
    return std::filesystem::exists(std::filesystem::symlink_status(path, error)) && !error;
}

std::string headText(size_t head)
{
    return "head " + std::to_string(head);
}

/// Puts the tensors of a file in order and checks that they form heads.
class HeadsAssembler
{
public:
    explicit HeadsAssembler(StoredHeads& heads)
        : m_heads(heads)
    {
    }

    void assemble()
    {
        bool is_vllm = false;
        for (const auto& [full_name, tensor] : m_heads.checkpoint->tensors()) {
            std::string_view name = full_name;
            if (name.starts_with(kPrefix))
                name.remove_prefix(kPrefix.size());
            else if (m_heads.in_full_model)
                continue;
            is_vllm = is_vllm || name.starts_with("blocks.") || name.starts_with("lm_heads.");
            if (const std::optional<HeadKey> key = parseKey(name))
                place(*key, tensor, full_name);
        }
        if (m_heads.heads.empty())
            fail(is_vllm
                    ? "Medusa heads named as in the Medusa repository were expected "
                      "(0.0.linear.weight), "
                      "these are named as in vLLM (blocks.0.layers.0.weight); convert them"
                    : "Medusa heads (0.0.linear.weight and so on) were expected, there are none");
        m_heads.n_blocks = int(m_heads.heads.front().blocks.size());
        m_heads.own_vocab = bool(m_heads.heads.front().vocab);
        for (size_t i = 0; i < m_heads.heads.size(); ++i)
            checkHead(i);
    }

private:
    [[noreturn]] void fail(const std::string& sentence) { failFile(m_heads.path, sentence); }

    void place(const HeadKey& key, const StoredTensor& tensor, const std::string& name)
    {
        if (key.head >= kMaxHeads || key.block > kMaxBlocks)
            fail("at most " + std::to_string(kMaxHeads) + " heads of " + std::to_string(kMaxBlocks)
                + " blocks were expected, \"" + shown(name) + "\" was found");
        if (size_t(key.head) >= m_heads.heads.size()) {
            m_heads.heads.resize(size_t(key.head) + 1);
            m_vocab_index.resize(size_t(key.head) + 1, -1);
        }
        StoredHead& head = m_heads.heads[size_t(key.head)];
        if (key.part == HeadKey::Part::vocab) {
            if (head.vocab)
                fail(headText(size_t(key.head)) + " has two vocabulary matrices");
            head.vocab = tensor;
            m_vocab_index[size_t(key.head)] = key.block;
            return;
        }
        if (size_t(key.block) >= head.blocks.size())
            head.blocks.resize(size_t(key.block) + 1);
        StoredHead::Block& block = head.blocks[size_t(key.block)];
        StoredTensor& slot = key.part == HeadKey::Part::weight ? block.weight : block.bias;
        if (slot)
            fail("the tensor \"" + shown(name) + "\" is there twice, with and without prefix");
        slot = tensor;
    }

    void checkHead(size_t i)
    {
        const StoredHead& head = m_heads.heads[i];
        if (head.blocks.empty() && !head.vocab)
            fail(headText(i) + " of " + std::to_string(m_heads.heads.size()) + " is missing");
        if (int(head.blocks.size()) != m_heads.n_blocks)
            fail(headText(i) + " has " + std::to_string(head.blocks.size()) + " blocks, head 0 has "
                + std::to_string(m_heads.n_blocks));
        if (bool(head.vocab) != m_heads.own_vocab)
            fail(headText(i)
                + (head.vocab ? " has a vocabulary matrix, head 0 has none"
                              : " has no vocabulary matrix, head 0 has one"));
        for (size_t j = 0; j < head.blocks.size(); ++j)
            checkBlock(head.blocks[j], std::to_string(i) + "." + std::to_string(j) + ".linear.");
        if (!head.vocab)
            return;
        const std::string name
            = std::to_string(i) + "." + std::to_string(m_vocab_index[i]) + ".weight";
        if (m_vocab_index[i] != m_heads.n_blocks)
            fail("the vocabulary matrix of " + headText(i) + " should be \"" + std::to_string(i)
                + "." + std::to_string(m_heads.n_blocks) + ".weight\", it is \"" + name + "\"");
        checkElements(head.vocab, name);
        const std::vector<int64_t>& shape = head.vocab.info->shape;
        if (shape.size() != 2 || shape[0] < 1 || shape[1] < 1)
            fail("the tensor " + name + " should be a matrix, its shape is " + shapeText(shape));
        if (m_heads.width == 0)
            m_heads.width = shape[1];
        if (m_heads.vocab_rows == 0)
            m_heads.vocab_rows = shape[0];
        checkShape(head.vocab, name, {m_heads.vocab_rows, m_heads.width});
    }

    void checkBlock(const StoredHead::Block& block, const std::string& name)
    {
        if (!block.weight)
            fail("the tensor " + name + "weight is missing");
        checkElements(block.weight, name + "weight");
        const std::vector<int64_t>& shape = block.weight.info->shape;
        if (shape.size() != 2 || shape[0] != shape[1] || shape[0] < 1)
            fail("the tensor " + name + "weight should be a square matrix, its shape is "
                + shapeText(shape));
        if (m_heads.width == 0)
            m_heads.width = shape[0];
        checkShape(block.weight, name + "weight", {m_heads.width, m_heads.width});
        if (block.bias) {
            checkElements(block.bias, name + "bias");
            checkShape(block.bias, name + "bias", {m_heads.width});
        }
    }

    void checkShape(
        const StoredTensor& tensor, const std::string& name, const std::vector<int64_t>& shape)
    {
        if (tensor.info->shape != shape)
            fail("the tensor " + name + " should have the shape " + shapeText(shape) + ", it has "
                + shapeText(tensor.info->shape));
    }

    void checkElements(const StoredTensor& tensor, const std::string& name)
    {
        const std::string& dtype = tensor.info->dtype;
        if (dtype != "F32" && dtype != "BF16" && dtype != "F16")
            fail("the tensor " + name + " should be F32, BF16 or F16, it is " + dtype);
    }

    StoredHeads& m_heads;
    std::vector<int> m_vocab_index;
};

// config.json is optional and only informs; one that is broken says nothing.
void readStatements(const std::filesystem::path& folder, StoredHeads& heads)
{
    try {
        const nlohmann::json root = readJsonFile(folder / "config.json");
        if (const auto n = root.find("medusa_num_heads"); n != root.end() && n->is_number_integer())
            heads.stated_heads = n->get<int64_t>();
        if (const auto n = root.find("medusa_num_layers");
            n != root.end() && n->is_number_integer())
            heads.stated_blocks = n->get<int64_t>();
        if (const auto base = root.find("base_model_name_or_path");
            base != root.end() && base->is_string())
            heads.stated_base = base->get<std::string>();
    } catch (const std::exception&) {
        return;
    }
}

bool isFullModel(const Checkpoint& checkpoint)
{
    bool has_heads = false;
    bool has_others = false;
    for (const auto& [name, tensor] : checkpoint.tensors()) {
        has_heads = has_heads || isHeadTensor(name);
        has_others = has_others || (!isHeadTensor(name) && !parseKey(name));
    }
    return has_heads && has_others;
}

StoredHeads assembled(const std::filesystem::path& path,
    std::shared_ptr<const Checkpoint> checkpoint, bool in_full_model)
{
    StoredHeads heads;
    heads.path = path;
    heads.checkpoint = std::move(checkpoint);
    heads.in_full_model = in_full_model;
    HeadsAssembler(heads).assemble();
    readStatements(std::filesystem::is_directory(path) ? path : path.parent_path(), heads);
    return heads;
}

StoredHeads openHeadsFile(const std::filesystem::path& file)
{
    auto checkpoint = std::make_shared<Checkpoint>(Checkpoint::openFile(file));
    const bool in_full_model = isFullModel(*checkpoint);
    return assembled(file, std::move(checkpoint), in_full_model);
}

} // namespace

bool isHeadTensor(const std::string& name)
{
    return name.starts_with(kPrefix);
}

StoredHeads openHeads(const std::filesystem::path& path)
{
    std::error_code error;
    if (!std::filesystem::is_directory(path, error))
        return openHeadsFile(path);
    for (const char* name : kFileNames)
        if (isThere(path / name))
            return openHeadsFile(path / name);
    if (!Checkpoint::isIn(path))
        failFile(
            path, "Medusa heads (medusa_lm_head.safetensors or .pt) were expected, there are none");
    auto checkpoint = std::make_shared<Checkpoint>(Checkpoint::openFolder(path));
    const bool in_full_model = isFullModel(*checkpoint);
    return assembled(path, std::move(checkpoint), in_full_model);
}

std::optional<StoredHeads> findHeads(
    const std::filesystem::path& folder, std::shared_ptr<const Checkpoint> checkpoint)
{
    for (const char* name : kFileNames)
        if (isThere(folder / name))
            return openHeadsFile(folder / name);
    const auto first = checkpoint->tensors().lower_bound(std::string(kPrefix));
    if (first != checkpoint->tensors().end() && isHeadTensor(first->first))
        return assembled(folder, std::move(checkpoint), true);
    const std::filesystem::path inner = folder / "heads";
    const bool has_file = isThere(inner / kFileNames[0]) || isThere(inner / kFileNames[1]);
    if (has_file || Checkpoint::isIn(inner))
        return openHeads(inner);
    return {};
}

std::string headsMismatch(const StoredHeads& heads, const ModelConfig& base)
{
    if (heads.width != base.dim)
        return "heads are " + std::to_string(heads.width) + " wide, the base model "
            + std::to_string(base.dim);
    if (heads.own_vocab && heads.vocab_rows != base.vocab_size)
        return "heads know " + std::to_string(heads.vocab_rows) + " tokens, the base model "
            + std::to_string(base.vocab_size);
    return "";
}

} // namespace gorgon
