// SPDX-License-Identifier: Apache-2.0
// A token that is looked for in text as a whole, before the vocabulary's own rules see the text.
#pragma once

#include <string>

namespace gorgon {

struct AddedToken
{
    std::string text;
    bool special = true; // a control token; left out where a text is shown
    bool lstrip = false, rstrip = false; // takes the whitespace in front of it, behind it
    bool single_word = false; // not inside a word
    bool normalized = false; // looked for in the text as the normaliser leaves it

    /// False where text that a person typed must not become it: control tokens, and what is
    /// written like one although its file does not call it special ("<tool_call>").
    bool isPlain() const { return !special && !(text.starts_with('<') && text.ends_with('>')); }
};

} // namespace gorgon
