// SPDX-License-Identifier: Apache-2.0
// Text to token ids and back, whatever the file behind it.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/text/added_token.h"
#include "core/text/utf8.h"

namespace gorgon {

class Tokenizer
{
public:
    virtual ~Tokenizer() = default;

    virtual int vocabSize() const = 0;
    virtual int bosToken() const = 0; // -1: none
    virtual int eosToken() const = 0; // -1: none
    virtual bool addsBos() const = 0; // in front of a raw prompt
    /// Text as text: a control token written in it becomes ordinary pieces. No BOS, no EOS.
    virtual std::vector<int> encode(std::string_view text) const = 0;
    /// The same for text that continues other text: the tokenizer puts no space in front.
    virtual std::vector<int> encodeContinuation(std::string_view text) const
    {
        return encode(text);
    }
    /// Control tokens and added tokens written in the text become their ids. No BOS, no EOS.
    virtual std::vector<int> encodeWithControls(std::string_view text) const = 0;
    virtual bool isControl(int id) const = 0;
    /// What is looked for in a template's text as a whole: control tokens, and tokens that were
    /// added beside them ("<tool_call>"). None for a piece of text.
    virtual std::optional<AddedToken> addedToken(int id) const
    {
        return isControl(id) ? std::optional(AddedToken{.text = label(id)}) : std::nullopt;
    }
    /// The id of a control token by its text, "<|end|>".
    virtual std::optional<int> controlId(std::string_view text) const = 0;
    /// The bytes that a token adds to running text (a leading space included); empty for control
    /// tokens.
    virtual std::string bytes(int id) const = 0;
    /// True where the text starts with a space that the tokenizer itself put there.
    virtual bool addsPrefixSpace() const = 0;
    /// True where it does so behind each control token too, not only at the start of a text.
    virtual bool addsPrefixSpaceAfterControl() const { return addsPrefixSpace(); }
    /// True where all spaces in front of a text are dropped in decoding, not only the first.
    virtual bool dropsLeadingSpaces() const { return false; }
    /// What a stream shows of bytes that belong to no character.
    virtual BrokenUtf8 brokenUtf8() const { return BrokenUtf8::OnePerByte; }
    /// The piece as the vocabulary writes it: "<0xE2>", "<|end|>", a leading space as U+2423.
    virtual std::string label(int id) const = 0;
    /// Whole text; invalid UTF-8 becomes U+FFFD. skip_special leaves control tokens out.
    virtual std::string decode(std::span<const int> ids, bool skip_special) const = 0;
};

/// Reads the tokenizer of a model folder: tokenizer.json where there is one, since the ids that the
/// model was published with are its; else tokenizer.model; else vocab.json with merges.txt. Throws
/// std::runtime_error with one sentence.
std::shared_ptr<const Tokenizer> loadTokenizer(const std::filesystem::path& folder);

} // namespace gorgon
