// SPDX-License-Identifier: Apache-2.0
#include "core/text/normalizer.h"

#include <algorithm>

#include "core/text/characters.h"

namespace gorgon {

namespace {

constexpr std::size_t kMaxContentBytes = 64;

std::string contentOf(const JsonPart& part, const char* key)
{
    std::string content = part.text(key);
    if (content.size() > kMaxContentBytes)
        part.at(key).refuse("at most " + std::to_string(kMaxContentBytes) + " bytes",
            std::to_string(content.size()));
    return content;
}

} // namespace

Normalizer::Step Normalizer::parseStep(const JsonPart& part)
{
    Step step;
    const std::string type = part.type();
    const auto form = [&](UnicodeForm value) {
        step.kind = Step::Kind::Form;
        step.form = value;
    };
    if (type == "Prepend") {
        step.content = contentOf(part, "prepend");
    } else if (type == "Replace") {
        step.kind = Step::Kind::Replace;
        step.pattern = Pattern::parse(part.at("pattern"));
        step.content = contentOf(part, "content");
    } else if (type == "NFC") {
        form(UnicodeForm::Nfc);
    } else if (type == "NFD") {
        form(UnicodeForm::Nfd);
    } else if (type == "NFKC") {
        form(UnicodeForm::Nfkc);
    } else if (type == "NFKD") {
        form(UnicodeForm::Nfkd);
    } else if (type == "Lowercase") {
        step.kind = Step::Kind::Lowercase;
    } else if (type == "Strip") {
        step.kind = Step::Kind::Strip;
        step.left = part.flag("strip_left", true);
        step.right = part.flag("strip_right", true);
    } else
        part.refuse(
            "Prepend, Replace, NFC, NFD, NFKC, NFKD, Lowercase, Strip or a Sequence of them",
            "\"" + type + "\", which is not supported");
    return step;
}

Normalizer::Normalizer(const JsonPart& part)
{
    for (const JsonPart& step : flattened(part, "normalizers"))
        m_steps.push_back(parseStep(step));
}

bool Normalizer::prepends() const
{
    return std::any_of(m_steps.begin(), m_steps.end(),
        [](const Step& step) { return step.kind == Step::Kind::Prepend; });
}

std::string Normalizer::apply(std::string_view text, bool with_prefix) const
{
    std::string out(text);
    for (const Step& step : m_steps) {
        if (out.empty())
            break;
        switch (step.kind) {
        case Step::Kind::Prepend:
            if (with_prefix)
                out.insert(0, step.content);
            break;
        case Step::Kind::Replace:
            out = replaced(out, step.pattern, step.content);
            break;
        case Step::Kind::Form:
            out = normalized(out, step.form);
            break;
        case Step::Kind::Lowercase:
            out = lowercased(out);
            break;
        case Step::Kind::Strip:
            if (step.right)
                out.resize(out.size() - trailingSpaces(out));
            if (step.left)
                out.erase(0, leadingSpaces(out));
            break;
        }
    }
    return out;
}

} // namespace gorgon
