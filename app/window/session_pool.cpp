// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/session_pool.h"

#include <algorithm>

namespace gorgon {

namespace {

constexpr size_t kMaxSessions = 4;
constexpr uint64_t kMaxBytes = uint64_t(1) << 30; // beyond it only the current one is kept

} // namespace

Session& SessionPool::get(const Engine& engine, qint64 conversation)
{
    const auto found = std::find_if(m_entries.begin(), m_entries.end(),
        [&](const Entry& entry) { return entry.conversation == conversation; });
    if (found != m_entries.end()) {
        m_entries.splice(m_entries.begin(), m_entries, found);
        return m_entries.front().session;
    }
    const uint64_t one = m_entries.empty() ? 0 : m_entries.front().session.cache.data.bytes();
    while (!m_entries.empty() && (m_entries.size() >= kMaxSessions || bytes() + one > kMaxBytes))
        m_entries.pop_back();
    m_entries.push_front({conversation, engine.makeSession()});
    return m_entries.front().session;
}

void SessionPool::drop(qint64 conversation)
{
    m_entries.remove_if([&](const Entry& entry) { return entry.conversation == conversation; });
}

uint64_t SessionPool::bytes() const
{
    uint64_t sum = 0;
    for (const Entry& entry : m_entries)
        sum += entry.session.cache.data.bytes();
    return sum;
}

} // namespace gorgon
