// SPDX-License-Identifier: Apache-2.0
// Token ids one at a time to text as it becomes printable: never half a UTF-8 character, spaces
// kept.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "core/text/tokenizer.h"

namespace gorgon {

class StreamDecoder
{
public:
    /// at_start: the tokens begin a text, so a space that the tokenizer put in front is dropped.
    StreamDecoder(
        std::shared_ptr<const Tokenizer> tokenizer, bool at_start, bool skip_special = true);

    /// The text that became complete with this token; may be empty.
    std::string push(int id);
    /// What is left at the end: an unfinished character becomes U+FFFD.
    std::string finish();

private:
    std::string takeTokens(std::size_t last_token_at);

    std::shared_ptr<const Tokenizer> m_tokenizer;
    bool m_at_start = true; // a leading space is still to be dropped
    bool m_skip_special = true;
    std::string m_pending; // bytes of tokens up to one that ends inside a character
};

/// Whole text of `ids`: what a StreamDecoder yields for them, all together.
std::string decodeTokens(
    const Tokenizer& tokenizer, std::span<const int> ids, bool at_start, bool skip_special);

} // namespace gorgon
