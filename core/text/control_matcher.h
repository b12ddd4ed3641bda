// SPDX-License-Identifier: Apache-2.0
// Finds added tokens written in text: leftmost first, the longest where several start at one place.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/text/added_token.h"
#include "core/text/tokenizer.h"

namespace gorgon {

struct TextSegment
{
    std::string_view text;
    int control = -1; // the id where the text is an added token
};

class ControlMatcher
{
public:
    ControlMatcher() = default;
    /// All added tokens of a tokenizer, control tokens among them.
    explicit ControlMatcher(const Tokenizer& tokenizer);

    /// The first of several with one text stays. An empty text is never found.
    void add(const AddedToken& token, int id);
    void add(const std::string& text, int id) { add(AddedToken{text}, id); }
    bool empty() const { return m_tokens.empty(); }
    std::optional<int> find(std::string_view text) const;
    /// The text in order, added tokens apart; no empty segments. Points into `text`.
    std::vector<TextSegment> split(std::string_view text) const;

private:
    struct Entry
    {
        AddedToken token;
        int id = -1;
    };

    const Entry* longestAt(std::string_view text, std::size_t at) const;

    std::vector<Entry> m_tokens;
    // A trie: (node, byte) to node; node 0 is the root. m_ends: index into m_tokens, or -1.
    std::unordered_map<std::uint64_t, std::uint32_t> m_steps;
    std::vector<std::int32_t> m_ends{-1};
    std::array<bool, 256> m_begins{}; // bytes that begin a token
};

} // namespace gorgon
