// SPDX-License-Identifier: Apache-2.0
// Pairs of token ids that become one: a flat hash table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace gorgon {

struct PairMerge
{
    static constexpr std::uint32_t kNone = 0xFFFFFFFF;

    std::uint32_t rank = kNone; // the lowest goes first; none: the pair stays two
    std::int32_t product = -1;
};

class MergeTable
{
public:
    /// Room for `n` pairs.
    void reserve(std::size_t n);
    /// A pair that is there already gets the new rank. Not more than reserved.
    void add(int left, int right, PairMerge merge);
    PairMerge find(int left, int right) const
    {
        if (m_slots.empty())
            return {};
        const std::uint64_t key = keyOf(left, right);
        for (std::size_t slot = homeOf(key);; slot = (slot + 1) & m_mask) {
            const Slot& at = m_slots[slot];
            if (at.key == key)
                return at.merge;
            if (at.key == kFree)
                return {};
        }
    }

private:
    static constexpr std::uint64_t kFree = ~std::uint64_t(0);

    struct Slot
    {
        std::uint64_t key = kFree;
        PairMerge merge;
    };

    static std::uint64_t keyOf(int left, int right)
    {
        return std::uint64_t(static_cast<std::uint32_t>(left)) << 32
            | static_cast<std::uint32_t>(right);
    }
    std::size_t homeOf(std::uint64_t key) const
    {
        key ^= key >> 31;
        key *= 0x9E3779B97F4A7C15U;
        return static_cast<std::size_t>(key >> 29) & m_mask;
    }

    std::vector<Slot> m_slots;
    std::size_t m_mask = 0;
};

} // namespace gorgon
