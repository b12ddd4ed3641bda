// SPDX-License-Identifier: Apache-2.0
// What a tokenizer.json file holds, read in one pass: the vocabulary and the merges go straight
// into flat tables, the small parts become JSON values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/text/added_token.h"
#include "core/text/vocabulary.h"

namespace gorgon {

/// Merges by rank: which two texts become one.
class MergeList
{
public:
    struct Merge
    {
        std::string_view left, right, both;
    };

    void add(std::string_view left, std::string_view right);
    std::size_t size() const { return m_entries.size(); }
    Merge operator[](std::size_t rank) const;

private:
    struct Entry
    {
        std::uint32_t at = 0, left = 0, right = 0; // place in m_bytes, lengths
    };

    std::string m_bytes; // left and right, side by side
    std::vector<Entry> m_entries;
};

struct TokenizerFile
{
    struct Added
    {
        AddedToken token;
        int id = -1;
    };

    Vocabulary vocabulary; // of the model, without the added tokens
    MergeList merges;
    nlohmann::json model = nlohmann::json::object(); // without "vocab" and "merges"
    nlohmann::json parts = nlohmann::json::object(); // "normalizer", "pre_tokenizer", ...
    std::vector<Added> added;
};

inline constexpr std::size_t kMaxTokenTextBytes = 4096;
inline constexpr std::size_t kMaxMerges = std::size_t(1) << 22;

/// Throws std::runtime_error naming `what` and the field that is unsound.
TokenizerFile parseTokenizerJson(std::string_view bytes, const std::string& what);
/// vocab.json ({"text": id}) and merges.txt ("left right" a line) of older folders.
TokenizerFile parseVocabularyAndMerges(std::string_view vocabulary,
    const std::string& vocabulary_name, std::string_view merges, const std::string& merges_name);

} // namespace gorgon
