// SPDX-License-Identifier: Apache-2.0
#include "core/text/jinja/text.h"

#include <algorithm>

namespace gorgon::jinja {

Text::Text(std::string bytes, int source)
    : m_bytes(std::move(bytes))
{
    if (!m_bytes.empty())
        m_runs.push_back({m_bytes.size(), source});
}

std::size_t Text::runAt(std::size_t byte) const
{
    const auto at = std::upper_bound(m_runs.begin(), m_runs.end(), byte,
        [](std::size_t wanted, const Run& run) { return wanted < run.end; });
    return static_cast<std::size_t>(at - m_runs.begin());
}

int Text::sourceOf(std::size_t begin, std::size_t end) const
{
    int source = kFromTemplate;
    for (std::size_t run = runAt(begin); run < m_runs.size(); ++run) {
        const std::size_t start = run == 0 ? 0 : m_runs[run - 1].end;
        if (start >= end || source != kFromTemplate)
            break;
        source = m_runs[run].source;
    }
    return source;
}

void Text::append(std::string_view bytes, int source)
{
    if (bytes.empty())
        return;
    m_bytes += bytes;
    if (!m_runs.empty() && m_runs.back().source == source)
        m_runs.back().end = m_bytes.size();
    else
        m_runs.push_back({m_bytes.size(), source});
}

void Text::append(const Text& other, std::size_t begin, std::size_t end)
{
    const std::string_view bytes = other.m_bytes;
    for (std::size_t run = other.runAt(begin); begin < end; ++run) {
        const std::size_t stop = std::min(other.m_runs[run].end, end);
        append(bytes.substr(begin, stop - begin), other.m_runs[run].source);
        begin = stop;
    }
}

Text Text::slice(std::size_t begin, std::size_t end) const
{
    Text part;
    part.append(*this, begin, end);
    return part;
}

} // namespace gorgon::jinja
