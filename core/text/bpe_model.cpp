// SPDX-License-Identifier: Apache-2.0
#include "core/text/bpe_model.h"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <utility>

#include "core/text/byte_letters.h"
#include "core/text/json_options.h"
#include "core/text/utf8.h"

namespace gorgon {

namespace {

// Up to here a search through all pairs beats a heap.
constexpr std::size_t kShortWord = 48;

std::string byteToken(int byte)
{
    char text[8];
    std::snprintf(text, sizeof text, "<0x%02X>", static_cast<unsigned>(byte));
    return text;
}

void checkNoAffix(const JsonPart& model, const char* key)
{
    if (!model.text(key, "").empty())
        model.at(key).refuse("none", "\"" + model.text(key) + "\", which is not supported");
}

} // namespace

BpeModel::BpeModel(
    TokenizerFile&& file, bool byte_level, std::vector<bool> is_closed, const std::string& what)
    : m_vocabulary(std::move(file.vocabulary))
    , m_is_closed(std::move(is_closed))
    , m_is_byte_level(byte_level)
{
    readOptions(file, what);
    readMerges(file, what);
    for (int byte = 0; byte < 256; ++byte)
        m_byte_ids[static_cast<std::size_t>(byte)] = m_is_byte_level
            ? findOpen(byteLetter(static_cast<unsigned char>(byte)))
            : findOpen(byteToken(byte));
    for (int c = 0; c < 128; ++c)
        m_ascii_ids[static_cast<std::size_t>(c)] = findOpen(std::string(1, static_cast<char>(c)));
    if (m_has_byte_fallback && !m_is_byte_level)
        for (int byte = 0; byte < 256; ++byte)
            if (m_byte_ids[static_cast<std::size_t>(byte)] < 0)
                JsonPart{nullptr, what + ": model.byte_fallback"}.refuse(
                    "a token for each byte", "none for " + byteToken(byte));
}

void BpeModel::readOptions(const TokenizerFile& file, const std::string& what)
{
    const JsonPart model{&file.model, what + ": model"};
    if (model.type() != "BPE")
        model.refuse("a type \"BPE\"", "\"" + model.type() + "\", which is not supported");
    if (model.has("dropout") && *model.at("dropout").json != 0)
        model.at("dropout").refuse("none", "one, which is for training only");
    checkNoAffix(model, "continuing_subword_prefix");
    checkNoAffix(model, "end_of_word_suffix");
    m_has_byte_fallback = model.flag("byte_fallback", false);
    m_fuses_unknown = model.flag("fuse_unk", false);
    m_ignores_merges = model.flag("ignore_merges", false);
    if (const std::string text = model.text("unk_token", ""); !text.empty()) {
        m_unknown = m_vocabulary.find(text);
        for (const TokenizerFile::Added& added : file.added)
            if (m_unknown < 0 && added.token.text == text)
                m_unknown = added.id;
        if (m_unknown < 0)
            model.at("unk_token").refuse("a token of the vocabulary", "\"" + text + "\"");
    }
}

void BpeModel::readMerges(const TokenizerFile& file, const std::string& what)
{
    m_merges.reserve(file.merges.size());
    for (std::size_t rank = 0; rank < file.merges.size(); ++rank) {
        const MergeList::Merge merge = file.merges[rank];
        const auto idOf = [&](std::string_view text) {
            const int id = m_vocabulary.find(text);
            if (id < 0)
                JsonPart{nullptr, what + ": model.merges[" + std::to_string(rank) + "]"}.refuse(
                    "tokens of the vocabulary", "\"" + std::string(text) + "\"");
            return id;
        };
        const int left = idOf(merge.left), right = idOf(merge.right), product = idOf(merge.both);
        if (!isClosed(product))
            m_merges.add(left, right, {static_cast<std::uint32_t>(rank), product});
    }
}

bool BpeModel::marksLead(std::string_view mark) const
{
    for (int id = 0; id < m_vocabulary.size(); ++id) {
        std::string_view text = m_vocabulary.text(id);
        while (text.starts_with(mark))
            text.remove_prefix(mark.size());
        if (!isClosed(id) && text.find(mark) != std::string_view::npos)
            return false;
    }
    return true;
}

void BpeModel::addUnknown(int& unknown, std::vector<int>& ids) const
{
    if (unknown >= 0 && !m_fuses_unknown)
        ids.push_back(unknown);
    unknown = m_unknown;
}

void BpeModel::characters(std::string_view word, std::vector<int>& ids) const
{
    int unknown = -1; // seen, but not among the ids yet: several may become one
    const auto known = [&](int id) {
        if (unknown >= 0)
            ids.push_back(std::exchange(unknown, -1));
        ids.push_back(id);
    };
    for (std::size_t at = 0; at < word.size();) {
        const auto byte = static_cast<unsigned char>(word[at]);
        const auto length = m_is_byte_level
            ? std::size_t(1)
            : static_cast<std::size_t>(std::max(1, utf8Length(word.substr(at))));
        const std::string_view character = word.substr(at, length);
        at += length;
        const int id = m_is_byte_level ? m_byte_ids[byte]
            : byte < 0x80              ? m_ascii_ids[byte]
                                       : findOpen(character);
        if (id >= 0)
            known(id);
        else if (m_has_byte_fallback && !m_is_byte_level)
            for (const char part : character)
                known(m_byte_ids[static_cast<unsigned char>(part)]);
        else
            addUnknown(unknown, ids);
    }
    if (unknown >= 0)
        ids.push_back(unknown);
}

void BpeModel::mergeShort(Scratch& scratch) const
{
    std::vector<int>& ids = scratch.ids;
    std::vector<PairMerge>& pairs = scratch.pairs; // of each id and the next one
    pairs.resize(ids.size());
    for (std::size_t i = 0; i + 1 < ids.size(); ++i)
        pairs[i] = m_merges.find(ids[i], ids[i + 1]);
    pairs.back() = {};
    for (;;) {
        std::size_t best = 0;
        for (std::size_t i = 1; i + 1 < ids.size(); ++i)
            if (pairs[i].rank < pairs[best].rank)
                best = i;
        if (pairs[best].rank == PairMerge::kNone)
            return;
        ids[best] = pairs[best].product;
        ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(best) + 1);
        pairs.erase(pairs.begin() + static_cast<std::ptrdiff_t>(best));
        if (best > 0)
            pairs[best - 1] = m_merges.find(ids[best - 1], ids[best]);
        pairs[best] = best + 1 < ids.size() ? m_merges.find(ids[best], ids[best + 1]) : PairMerge();
    }
}

void BpeModel::mergeLong(Scratch& scratch) const
{
    std::vector<Scratch::Symbol>& symbols = scratch.symbols;
    std::vector<std::uint64_t>& heap = scratch.heap;
    const auto n = static_cast<int>(scratch.ids.size());
    symbols.clear();
    for (int i = 0; i < n; ++i)
        symbols.push_back(
            {scratch.ids[static_cast<std::size_t>(i)], i - 1, i + 1 < n ? i + 1 : -1, {}});
    heap.clear();
    const auto symbolAt
        = [&](int at) -> Scratch::Symbol& { return symbols[static_cast<std::size_t>(at)]; };
    const auto addPair = [&](int at) {
        Scratch::Symbol& symbol = symbolAt(at);
        symbol.pair
            = symbol.next < 0 ? PairMerge() : m_merges.find(symbol.id, symbolAt(symbol.next).id);
        if (symbol.pair.rank == PairMerge::kNone)
            return false;
        heap.push_back(std::uint64_t(symbol.pair.rank) << 32 | static_cast<std::uint32_t>(at));
        return true;
    };
    for (int i = 0; i < n; ++i)
        addPair(i);
    std::make_heap(heap.begin(), heap.end(), std::greater<>());
    while (!heap.empty()) {
        const auto rank = static_cast<std::uint32_t>(heap.front() >> 32);
        const auto at = static_cast<int>(heap.front() & 0xFFFFFFFF);
        std::pop_heap(heap.begin(), heap.end(), std::greater<>());
        heap.pop_back();
        Scratch::Symbol& symbol = symbolAt(at);
        // A pair that has changed since has another rank: ranks and pairs are one to one.
        if (symbol.id < 0 || symbol.pair.rank != rank)
            continue;
        Scratch::Symbol& eaten = symbolAt(symbol.next);
        symbol.id = symbol.pair.product;
        symbol.next = eaten.next;
        eaten.id = -1;
        if (symbol.next >= 0)
            symbolAt(symbol.next).previous = at;
        if (addPair(at))
            std::push_heap(heap.begin(), heap.end(), std::greater<>());
        if (symbol.previous >= 0 && addPair(symbol.previous))
            std::push_heap(heap.begin(), heap.end(), std::greater<>());
    }
    scratch.ids.clear();
    for (int at = 0; at >= 0; at = symbolAt(at).next)
        scratch.ids.push_back(symbolAt(at).id);
}

void BpeModel::encode(std::string_view word, Scratch& scratch, std::vector<int>& ids) const
{
    if (m_ignores_merges) {
        const int id = m_is_byte_level ? findOpen(toByteLetters(word)) : findOpen(word);
        if (id >= 0) {
            ids.push_back(id);
            return;
        }
    }
    scratch.ids.clear();
    characters(word, scratch.ids);
    if (scratch.ids.size() > kShortWord)
        mergeLong(scratch);
    else if (scratch.ids.size() > 1)
        mergeShort(scratch);
    ids.insert(ids.end(), scratch.ids.begin(), scratch.ids.end());
}

} // namespace gorgon
