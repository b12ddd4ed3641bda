// SPDX-License-Identifier: Apache-2.0
#include "core/text/control_matcher.h"

#include <algorithm>

namespace gorgon {

ControlMatcher::ControlMatcher(const Tokenizer& tokenizer)
{
    for (int id = 0; id < tokenizer.vocabSize(); ++id)
        if (tokenizer.isControl(id))
            add(tokenizer.label(id), id);
}

void ControlMatcher::add(const std::string& text, int id)
{
    if (text.empty() || !m_ids.emplace(text, id).second)
        return;
    std::vector<std::size_t>& lengths = m_lengths[text[0]];
    const auto at = std::lower_bound(lengths.begin(), lengths.end(), text.size(), std::greater<>());
    if (at == lengths.end() || *at != text.size())
        lengths.insert(at, text.size());
}

std::optional<int> ControlMatcher::find(std::string_view text) const
{
    const auto at = m_ids.find(text);
    return at == m_ids.end() ? std::nullopt : std::optional(at->second);
}

std::vector<TextSegment> ControlMatcher::split(std::string_view text) const
{
    std::vector<TextSegment> segments;
    std::size_t begin = 0;
    for (std::size_t at = 0; at < text.size();) {
        const auto lengths = m_lengths.find(text[at]);
        TextSegment found;
        if (lengths != m_lengths.end())
            for (const std::size_t length : lengths->second) {
                const auto id
                    = at + length <= text.size() ? find(text.substr(at, length)) : std::nullopt;
                if (!id)
                    continue;
                found = {text.substr(at, length), *id};
                break;
            }
        if (found.control < 0) {
            ++at;
            continue;
        }
        if (at > begin)
            segments.push_back({text.substr(begin, at - begin), -1});
        segments.push_back(found);
        at += found.text.size();
        begin = at;
    }
    if (begin < text.size())
        segments.push_back({text.substr(begin), -1});
    return segments;
}

} // namespace gorgon
