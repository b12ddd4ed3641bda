// SPDX-License-Identifier: Apache-2.0
// Texts of tokens back to running text: the "decoder" of tokenizer.json.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/text/json_options.h"
#include "core/text/pattern.h"

namespace gorgon {

class TokenDecoder
{
public:
    TokenDecoder() = default;
    /// Throws std::runtime_error naming what is not supported.
    explicit TokenDecoder(const JsonPart& part);

    /// Whole text, as the reference decodes it: bytes that are no UTF-8 become U+FFFD.
    std::string decode(const std::vector<std::string_view>& tokens) const;
    /// The bytes that one token adds to running text.
    std::string bytes(std::string_view token) const;
    bool isByteLevel() const { return m_is_byte_level; }
    bool hasByteFallback() const { return m_has_byte_fallback; }
    /// One space at the start of a whole text is the tokenizer's own and dropped.
    bool dropsPrefixSpace() const { return m_drops_space; }

private:
    struct Change
    {
        Pattern pattern;
        std::string content;
        bool drops_at_start = false; // Metaspace: in the first token nothing takes its place
    };

    void add(const JsonPart& part);
    std::string changed(std::string_view token, bool is_first) const;

    std::vector<Change> m_changes; // of each token by itself
    bool m_is_byte_level = false;
    bool m_has_byte_fallback = false;
    bool m_is_fused = false; // what follows sees one text
    bool m_drops_space = false;
};

} // namespace gorgon
