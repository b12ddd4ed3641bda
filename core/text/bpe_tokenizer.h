// SPDX-License-Identifier: Apache-2.0
// A tokenizer.json file behind the Tokenizer interface: text is parted at added tokens, normalised,
// cut into words, and each word merged.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/text/bpe_model.h"
#include "core/text/control_matcher.h"
#include "core/text/normalizer.h"
#include "core/text/pre_tokenizer.h"
#include "core/text/token_decoder.h"
#include "core/text/tokenizer.h"
#include "core/text/tokenizer_config.h"
#include "core/text/tokenizer_file.h"

namespace gorgon {

class BpeTokenizer final : public Tokenizer
{
public:
    /// Throws std::runtime_error naming `what` and the field that is unsound or not supported.
    BpeTokenizer(TokenizerFile&& file, const TokenizerConfig& config, const std::string& what);

    int vocabSize() const override { return m_size; }
    int bosToken() const override { return m_bos; }
    int eosToken() const override { return m_eos; }
    bool addsBos() const override { return m_adds_bos && m_bos >= 0; }
    std::vector<int> encode(std::string_view text) const override;
    std::vector<int> encodeContinuation(std::string_view text) const override;
    std::vector<int> encodeWithControls(std::string_view text) const override;
    bool isControl(int id) const override;
    std::optional<AddedToken> addedToken(int id) const override;
    std::optional<int> controlId(std::string_view text) const override;
    std::string bytes(int id) const override;
    bool addsPrefixSpace() const override { return m_decoder.dropsPrefixSpace(); }
    bool addsPrefixSpaceAfterControl() const override { return m_prefixes_everywhere; }
    BrokenUtf8 brokenUtf8() const override
    {
        return m_decoder.isByteLevel() ? BrokenUtf8::OnePerCharacter : BrokenUtf8::OnePerByte;
    }
    std::string label(int id) const override;
    std::string decode(std::span<const int> ids, bool skip_special) const override;

private:
    class Words;

    // Added tokens as they are looked for: in the text as it comes, and once it is normalised.
    struct Matchers
    {
        ControlMatcher raw, normalized;
    };

    void readAdded(TokenizerFile& file, const TokenizerConfig& config, const std::string& what);
    void readPostProcessor(const JsonPart& part);
    void nameBeginAndEnd(const TokenizerConfig& config);
    std::vector<int> encodeWith(
        const Matchers& matchers, std::string_view text, bool with_prefix) const;
    std::string_view textOf(int id) const;

    BpeModel m_model;
    Normalizer m_normalizer;
    PreTokenizer m_pre_tokenizer;
    TokenDecoder m_decoder;
    std::map<int, AddedToken> m_added; // by id
    Matchers m_all, m_plain;
    int m_size = 0;
    int m_bos = -1, m_eos = -1;
    bool m_adds_bos = false;
    bool m_prefixes_everywhere = false;
    bool m_cuts_at_marks = false; // words may be cut in front of U+2581
};

} // namespace gorgon
