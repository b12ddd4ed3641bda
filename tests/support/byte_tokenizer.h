// SPDX-License-Identifier: Apache-2.0
// A tokenizer whose ids are bytes: every test can read its tokens.
#pragma once

#include "core/text/tokenizer.h"

namespace gorgon::tests {

class ByteTokenizer : public Tokenizer
{
public:
    int vocabSize() const override { return 256; }
    int bosToken() const override { return -1; }
    int eosToken() const override { return 0; }
    bool addsBos() const override { return false; }
    std::vector<int> encode(std::string_view text) const override
    {
        std::vector<int> ids;
        for (const char c : text)
            ids.push_back(static_cast<unsigned char>(c));
        return ids;
    }
    std::vector<int> encodeWithControls(std::string_view text) const override
    {
        return encode(text);
    }
    bool isControl(int id) const override { return id == 0; }
    std::optional<int> controlId(std::string_view) const override { return {}; }
    std::string bytes(int id) const override { return std::string(id == 0 ? 0 : 1, char(id)); }
    bool addsPrefixSpace() const override { return false; }
    std::string label(int id) const override { return bytes(id); }
    std::string decode(std::span<const int> ids, bool) const override
    {
        std::string text;
        for (const int id : ids)
            text += bytes(id);
        return text;
    }
};

} // namespace gorgon::tests
