// SPDX-License-Identifier: Apache-2.0
#include "core/model/heads_assembler.h"

#include <algorithm>
#include <array>

#include "core/model/file_error.h"
#include "kernels/step_state.h"

namespace gorgon {

namespace {

using Part = HeadKey::Part;

constexpr int kMaxBlocks = 32;
constexpr size_t kMaxProblems = 40;

struct NamedTensor
{
    std::string name; // as it is in the file
    HeadKey key;
    StoredTensor tensor;
};

std::string headText(size_t head)
{
    return "head " + std::to_string(head);
}

class Assembler
{
public:
    explicit Assembler(StoredHeads& heads)
        : m_heads(heads)
    {
    }

    std::vector<std::string> run()
    {
        collect();
        for (const NamedTensor& each : m_named)
            place(each);
        placeOneVocab();
        if (m_heads.heads.empty()) {
            if (m_problems.empty())
                note("Medusa heads were expected, there are none: no tensor is named "
                     "0.0.linear.weight (Medusa), medusa_head.0.0.linear.weight (full models), "
                     "blocks.0.layers.0.weight (vLLM) or "
                     "medusa_heads.0.medusa_layers.0.linear.weight (TensorRT-LLM)");
            return std::move(m_problems);
        }
        m_heads.n_blocks = countBlocks();
        m_heads.own_vocab = bool(m_heads.heads.front().vocab);
        chooseSizes();
        for (size_t i = 0; i < m_heads.heads.size(); ++i)
            checkHead(i);
        checkTokenMap();
        return std::move(m_problems);
    }

private:
    void note(const std::string& sentence)
    {
        if (m_problems.size() < kMaxProblems)
            m_problems.push_back(sentence);
    }

    /// The naming of most tensors is the file's; tensors named otherwise are left out and said.
    void collect()
    {
        std::vector<NamedTensor> found;
        std::array<size_t, 3> counts = {};
        for (const auto& [full_name, tensor] : m_heads.checkpoint->tensors()) {
            const std::string_view prefix = headPrefix(full_name);
            if (m_heads.in_full_model && prefix.empty())
                continue;
            const auto key = parseHeadName(std::string_view(full_name).substr(prefix.size()));
            if (!key) {
                m_heads.unknown.push_back(full_name);
                continue;
            }
            if (key->part != Part::one_vocab && key->part != Part::token_map)
                ++counts[size_t(key->naming)];
            found.push_back({full_name, *key, tensor});
        }
        const auto most = std::max_element(counts.begin(), counts.end());
        m_heads.naming = HeadsNaming(most - counts.begin());
        if (*most == 0)
            found.clear();
        for (NamedTensor& each : found) {
            // A vocabulary matrix without a head's number belongs to vLLM's layout only.
            const bool alone = each.key.part == Part::one_vocab || each.key.part == Part::token_map;
            if (each.key.naming == m_heads.naming)
                m_named.push_back(std::move(each));
            else if (alone)
                m_heads.unknown.push_back(each.name);
            else
                note("the heads are named " + std::string(namingText(m_heads.naming))
                    + ", the tensor \"" + shown(each.name) + "\" is named "
                    + std::string(namingText(each.key.naming)));
        }
    }

    void place(const NamedTensor& each)
    {
        const HeadKey& key = each.key;
        if (key.part == Part::one_vocab || key.part == Part::token_map) {
            put(key.part == Part::one_vocab ? m_one_vocab : m_heads.token_map, each);
            return;
        }
        if (key.head >= kMaxHeads || key.block > kMaxBlocks) {
            note("at most " + std::to_string(kMaxHeads) + " heads of " + std::to_string(kMaxBlocks)
                + " blocks were expected, \"" + shown(each.name) + "\" was found");
            return;
        }
        const auto i = size_t(key.head);
        if (i >= m_heads.heads.size()) {
            m_heads.heads.resize(i + 1);
            m_vocab_block.resize(i + 1, -1);
        }
        StoredHead& head = m_heads.heads[i];
        if (key.part == Part::vocab) {
            if (head.vocab)
                note(headText(i) + " has two vocabulary matrices");
            head.vocab = each.tensor;
            m_vocab_block[i] = m_heads.naming == HeadsNaming::medusa ? key.block : -1;
            return;
        }
        if (size_t(key.block) >= head.blocks.size())
            head.blocks.resize(size_t(key.block) + 1);
        StoredHead::Block& block = head.blocks[size_t(key.block)];
        put(key.part == Part::weight ? block.weight : block.bias, each);
    }

    void put(StoredTensor& slot, const NamedTensor& each)
    {
        if (slot)
            note("the tensor \"" + shown(each.name) + "\" is there twice, under two prefixes");
        slot = each.tensor;
    }

    // vLLM stores a matrix that all heads share as lm_head.weight or as that of head 0 alone.
    void placeOneVocab()
    {
        if (m_heads.naming != HeadsNaming::vllm || m_heads.heads.empty())
            return;
        const auto has_vocab = [](const StoredHead& head) { return bool(head.vocab); };
        const auto n = std::count_if(m_heads.heads.begin(), m_heads.heads.end(), has_vocab);
        if (n == 1 && m_heads.heads.size() > 1 && m_heads.heads[0].vocab && !m_one_vocab)
            m_one_vocab = m_heads.heads[0].vocab;
        else if (n > 0 && m_one_vocab) {
            m_heads.unknown.emplace_back("lm_head.weight");
            return;
        }
        if (!m_one_vocab)
            return;
        m_heads.one_vocab = true;
        for (StoredHead& head : m_heads.heads)
            head.vocab = m_one_vocab;
    }

    /// Of head 0; where a shared matrix makes up for all that it lacks, of the longest.
    int countBlocks() const
    {
        size_t n = m_heads.heads.front().blocks.size();
        for (const StoredHead& head : m_heads.heads)
            if (m_heads.one_vocab)
                n = std::max(n, head.blocks.size());
        return int(n);
    }

    /// By the first tensor that has the right form, so that the others are measured against it.
    void chooseSizes()
    {
        for (const StoredHead& head : m_heads.heads) {
            for (const StoredHead::Block& block : head.blocks)
                if (block.weight && isSquare(block.weight.info->shape) && m_heads.width == 0)
                    m_heads.width = block.weight.info->shape[0];
            if (!head.vocab || !isMatrix(head.vocab.info->shape))
                continue;
            if (m_heads.width == 0)
                m_heads.width = head.vocab.info->shape[1];
            if (m_heads.vocab_rows == 0)
                m_heads.vocab_rows = head.vocab.info->shape[0];
        }
    }

    static bool isMatrix(const std::vector<int64_t>& shape)
    {
        return shape.size() == 2 && shape[0] > 0 && shape[1] > 0;
    }
    static bool isSquare(const std::vector<int64_t>& shape)
    {
        return isMatrix(shape) && shape[0] == shape[1];
    }

    void checkHead(size_t i)
    {
        const StoredHead& head = m_heads.heads[i];
        const bool has_blocks = std::any_of(head.blocks.begin(), head.blocks.end(),
            [](const StoredHead::Block& block) { return block.weight || block.bias; });
        if (!has_blocks && (!head.vocab || (m_heads.one_vocab && m_heads.n_blocks > 0))) {
            note(headText(i) + " of " + std::to_string(m_heads.heads.size()) + " is missing");
            return;
        }
        if (int(head.blocks.size()) != m_heads.n_blocks)
            note(headText(i) + " has " + std::to_string(head.blocks.size()) + " blocks, head 0 has "
                + std::to_string(m_heads.n_blocks));
        if (bool(head.vocab) != m_heads.own_vocab)
            note(headText(i)
                + (head.vocab ? " has a vocabulary matrix, head 0 has none"
                              : " has no vocabulary matrix, head 0 has one"));
        for (size_t j = 0; j < head.blocks.size(); ++j)
            checkBlock(head.blocks[j], int(i), int(j));
        if (head.vocab)
            checkVocab(head, i);
    }

    void checkBlock(const StoredHead::Block& block, int head, int j)
    {
        const std::string weight = headTensorName({m_heads.naming, Part::weight, head, j});
        if (!block.weight)
            note("the tensor " + weight + " is missing");
        else if (!isSquare(block.weight.info->shape))
            note("the tensor " + weight + " should be a square matrix, its shape is "
                + shapeText(block.weight.info->shape));
        else
            checkTensor(block.weight, weight, {m_heads.width, m_heads.width});
        if (block.bias)
            checkTensor(
                block.bias, headTensorName({m_heads.naming, Part::bias, head, j}), {m_heads.width});
    }

    void checkVocab(const StoredHead& head, size_t i)
    {
        const auto name = [&](int block) {
            return headTensorName({m_heads.naming, Part::vocab, int(i), block});
        };
        const int n_blocks = int(head.blocks.size());
        if (m_vocab_block[i] >= 0 && m_vocab_block[i] != n_blocks)
            note("the vocabulary matrix of " + headText(i) + " should be \"" + name(n_blocks)
                + "\", it is \"" + name(m_vocab_block[i]) + "\"");
        else if (!isMatrix(head.vocab.info->shape))
            note("the tensor " + name(n_blocks) + " should be a matrix, its shape is "
                + shapeText(head.vocab.info->shape));
        else
            checkTensor(head.vocab, name(n_blocks), {m_heads.vocab_rows, m_heads.width});
    }

    void checkTensor(
        const StoredTensor& tensor, const std::string& name, const std::vector<int64_t>& shape)
    {
        const std::string& dtype = tensor.info->dtype;
        if (dtype != "F32" && dtype != "BF16" && dtype != "F16")
            note("the tensor " + name + " should be F32, BF16 or F16, it is " + dtype
                + (dtype.starts_with("F8") || dtype == "I8"
                        ? "; take the heads before they were quantised"
                        : ""));
        else if (tensor.info->shape != shape)
            note("the tensor " + name + " should have the shape " + shapeText(shape)
                + " by the tensors before it, it has " + shapeText(tensor.info->shape));
    }

    void checkTokenMap()
    {
        if (!m_heads.token_map)
            return;
        const TensorInfo& info = *m_heads.token_map.info;
        if ((info.dtype != "I64" && info.dtype != "I32") || info.shape.size() != 1
            || info.shape[0] < 1)
            note("token_map should be a list of I64 token numbers, it is " + info.dtype + " "
                + shapeText(info.shape));
        else if (m_heads.own_vocab && m_heads.vocab_rows < info.shape[0])
            note("token_map lists " + std::to_string(info.shape[0])
                + " tokens, the vocabulary matrices have " + std::to_string(m_heads.vocab_rows)
                + " rows");
    }

    StoredHeads& m_heads;
    std::vector<NamedTensor> m_named;
    std::vector<int> m_vocab_block; // of each head: the number in the matrix's name, or -1
    StoredTensor m_one_vocab;
    std::vector<std::string> m_problems;
};

} // namespace

std::vector<std::string> assembleHeads(StoredHeads& heads)
{
    return Assembler(heads).run();
}

} // namespace gorgon
