// SPDX-License-Identifier: Apache-2.0
#include "core/text/control_matcher.h"

#include "core/text/characters.h"

namespace gorgon {

namespace {

std::uint64_t stepKey(std::uint32_t node, char byte)
{
    return std::uint64_t(node) << 8 | static_cast<unsigned char>(byte);
}

bool isInsideWord(std::string_view text, std::size_t begin, std::size_t end)
{
    return (begin > 0 && isWordCharacter(lastCharacter(text.substr(0, begin))))
        || (end < text.size() && isWordCharacter(firstCharacter(text.substr(end))));
}

} // namespace

ControlMatcher::ControlMatcher(const Tokenizer& tokenizer)
{
    for (int id = 0; id < tokenizer.vocabSize(); ++id)
        if (const auto token = tokenizer.addedToken(id))
            add(*token, id);
}

void ControlMatcher::add(const AddedToken& token, int id)
{
    if (token.text.empty())
        return;
    m_begins[static_cast<unsigned char>(token.text[0])] = true;
    std::uint32_t node = 0;
    for (const char byte : token.text) {
        const auto [step, is_new]
            = m_steps.try_emplace(stepKey(node, byte), static_cast<std::uint32_t>(m_ends.size()));
        if (is_new)
            m_ends.push_back(-1);
        node = step->second;
    }
    if (m_ends[node] >= 0)
        return;
    m_ends[node] = static_cast<std::int32_t>(m_tokens.size());
    m_tokens.push_back({token, id});
}

std::optional<int> ControlMatcher::find(std::string_view text) const
{
    std::uint32_t node = 0;
    for (const char byte : text) {
        const auto step = m_steps.find(stepKey(node, byte));
        if (step == m_steps.end())
            return std::nullopt;
        node = step->second;
    }
    return m_ends[node] < 0 ? std::nullopt : std::optional(m_tokens[m_ends[node]].id);
}

const ControlMatcher::Entry* ControlMatcher::longestAt(std::string_view text, std::size_t at) const
{
    const Entry* found = nullptr;
    std::uint32_t node = 0;
    for (; at < text.size(); ++at) {
        const auto step = m_steps.find(stepKey(node, text[at]));
        if (step == m_steps.end())
            break;
        node = step->second;
        if (m_ends[node] >= 0)
            found = &m_tokens[m_ends[node]];
    }
    return found;
}

std::vector<TextSegment> ControlMatcher::split(std::string_view text) const
{
    std::vector<TextSegment> segments;
    std::size_t begin = 0; // of the text that is not in a segment yet
    for (std::size_t at = 0; at < text.size() && !m_tokens.empty();) {
        if (!m_begins[static_cast<unsigned char>(text[at])]) {
            ++at;
            continue;
        }
        const Entry* entry = longestAt(text, at);
        if (!entry) {
            ++at;
            continue;
        }
        const AddedToken& token = entry->token;
        std::size_t first = at, end = at + token.text.size();
        at = end;
        if (token.single_word && isInsideWord(text, first, end))
            continue;
        if (token.lstrip)
            first -= trailingSpaces(text.substr(begin, first - begin));
        if (token.rstrip)
            end += leadingSpaces(text.substr(end));
        if (first > begin)
            segments.push_back({text.substr(begin, first - begin), -1});
        segments.push_back({text.substr(first, end - first), entry->id});
        begin = at = end;
    }
    if (begin < text.size())
        segments.push_back({text.substr(begin), -1});
    return segments;
}

} // namespace gorgon
