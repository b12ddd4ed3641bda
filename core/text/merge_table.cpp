// SPDX-License-Identifier: Apache-2.0
#include "core/text/merge_table.h"

#include <bit>

namespace gorgon {

void MergeTable::reserve(std::size_t n)
{
    m_slots.assign(std::bit_ceil(2 * n + 1), {});
    m_mask = m_slots.size() - 1;
}

void MergeTable::add(int left, int right, PairMerge merge)
{
    const std::uint64_t key = keyOf(left, right);
    std::size_t slot = homeOf(key);
    while (m_slots[slot].key != key && m_slots[slot].key != kFree)
        slot = (slot + 1) & m_mask;
    m_slots[slot] = {key, merge};
}

} // namespace gorgon
