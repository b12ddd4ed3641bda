// SPDX-License-Identifier: Apache-2.0
// Finds control tokens written in text: leftmost first, the longest where several start at one
// place.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/text/tokenizer.h"

namespace gorgon {

struct TextSegment
{
    std::string_view text;
    int control = -1; // the id where the text is a control token
};

class ControlMatcher
{
public:
    ControlMatcher() = default;
    /// All control tokens of a tokenizer.
    explicit ControlMatcher(const Tokenizer& tokenizer);

    void add(const std::string& text, int id);
    std::optional<int> find(std::string_view text) const;
    /// The text in order, control tokens apart; no empty segments. Points into `text`.
    std::vector<TextSegment> split(std::string_view text) const;

private:
    std::map<std::string, int, std::less<>> m_ids;
    // Lengths of the tokens that begin with a byte, longest first.
    std::map<char, std::vector<std::size_t>> m_lengths;
};

} // namespace gorgon
