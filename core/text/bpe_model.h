// SPDX-License-Identifier: Apache-2.0
// Byte-pair encoding of one word: characters become tokens, then the pair of the lowest rank
// becomes one token, the leftmost first, until no pair has a rank.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "core/text/merge_table.h"
#include "core/text/tokenizer_file.h"

namespace gorgon {

class BpeModel
{
public:
    /// Room that is used again from word to word.
    struct Scratch
    {
        struct Symbol
        {
            int id = -1; // -1: became part of the one before
            int previous = -1, next = -1;
            PairMerge pair; // with the next one
        };

        std::vector<int> ids;
        std::vector<PairMerge> pairs;
        std::vector<Symbol> symbols;
        // Pairs that may merge, the lowest rank first, of these the leftmost: rank << 32 | place.
        std::vector<std::uint64_t> heap;
    };

    BpeModel() = default;
    /// file: its vocabulary is taken, its options and merges are checked. is_closed: by id, no text
    /// may become this token. Throws std::runtime_error naming `what` and the field.
    BpeModel(TokenizerFile&& file, bool byte_level, std::vector<bool> is_closed,
        const std::string& what);

    /// Appends the ids of a word of valid UTF-8.
    void encode(std::string_view word, Scratch& scratch, std::vector<int>& ids) const;
    const Vocabulary& vocabulary() const { return m_vocabulary; }
    /// True where no token has `mark` behind another character, so that words may be cut in front
    /// of it.
    bool marksLead(std::string_view mark) const;

private:
    void readOptions(const TokenizerFile& file, const std::string& what);
    void readMerges(const TokenizerFile& file, const std::string& what);
    bool isClosed(int id) const
    {
        return static_cast<std::size_t>(id) < m_is_closed.size()
            && m_is_closed[static_cast<std::size_t>(id)];
    }
    int findOpen(std::string_view text) const
    {
        const int id = m_vocabulary.find(text);
        return id >= 0 && isClosed(id) ? -1 : id;
    }
    void characters(std::string_view word, std::vector<int>& ids) const;
    void addUnknown(int& unknown, std::vector<int>& ids) const;
    void mergeShort(Scratch& scratch) const;
    void mergeLong(Scratch& scratch) const;

    Vocabulary m_vocabulary;
    MergeTable m_merges;
    std::vector<bool> m_is_closed;
    std::array<int, 256> m_byte_ids{}; // byte level: of a byte; otherwise of "<0xE2>"; -1: none
    std::array<int, 128> m_ascii_ids{}; // of one character
    bool m_is_byte_level = false;
    bool m_has_byte_fallback = false, m_fuses_unknown = false, m_ignores_merges = false;
    int m_unknown = -1;
};

} // namespace gorgon
