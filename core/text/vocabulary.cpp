// SPDX-License-Identifier: Apache-2.0
#include "core/text/vocabulary.h"

#include <cassert>
#include <functional>

namespace gorgon {

std::string_view Vocabulary::text(int id) const
{
    if (!has(id))
        return {};
    const Entry& entry = m_entries[static_cast<std::size_t>(id)];
    return std::string_view(m_bytes).substr(entry.at, entry.length);
}

// The slot that holds the text, or the free one where it would go.
std::size_t Vocabulary::slotOf(std::string_view wanted) const
{
    const std::size_t mask = m_slots.size() - 1;
    std::size_t slot = std::hash<std::string_view>()(wanted) & mask;
    while (m_slots[slot] >= 0 && text(m_slots[slot]) != wanted)
        slot = (slot + 1) & mask;
    return slot;
}

int Vocabulary::find(std::string_view wanted) const
{
    return m_slots.empty() ? -1 : m_slots[slotOf(wanted)];
}

void Vocabulary::grow()
{
    m_slots.assign(m_slots.empty() ? 1024 : 2 * m_slots.size(), -1);
    for (int id = 0; id < size(); ++id)
        if (has(id))
            m_slots[slotOf(text(id))] = id;
}

bool Vocabulary::add(std::string_view text, int id)
{
    assert(id >= 0 && id < kMaxIds);
    if (2 * static_cast<std::size_t>(m_count + 1) > m_slots.size())
        grow();
    const std::size_t slot = slotOf(text);
    if (m_slots[slot] >= 0 || has(id))
        return false;
    if (id >= size())
        m_entries.resize(static_cast<std::size_t>(id) + 1);
    m_entries[static_cast<std::size_t>(id)]
        = {static_cast<std::uint32_t>(m_bytes.size()), static_cast<std::uint32_t>(text.size())};
    m_bytes += text;
    m_slots[slot] = id;
    ++m_count;
    return true;
}

} // namespace gorgon
