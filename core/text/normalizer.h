// SPDX-License-Identifier: Apache-2.0
// What happens to text before it is cut: the "normalizer" of tokenizer.json.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/text/json_options.h"
#include "core/text/pattern.h"
#include "core/text/unicode_forms.h"

namespace gorgon {

class Normalizer
{
public:
    Normalizer() = default; // changes nothing
    /// Throws std::runtime_error naming what is not supported.
    explicit Normalizer(const JsonPart& part);

    /// text: valid UTF-8. with_prefix: a text may be put in front (usually a space).
    std::string apply(std::string_view text, bool with_prefix) const;
    /// True where a text is put in front.
    bool prepends() const;

private:
    struct Step
    {
        enum class Kind
        {
            Prepend,
            Replace,
            Form,
            Lowercase,
            Strip
        };
        Kind kind = Kind::Prepend;
        Pattern pattern; // Replace
        std::string content; // Prepend, Replace
        UnicodeForm form = UnicodeForm::Nfc;
        bool left = false, right = false; // Strip
    };

    static Step parseStep(const JsonPart& part);

    std::vector<Step> m_steps;
};

} // namespace gorgon
