// SPDX-License-Identifier: Apache-2.0
// Texts of tokens to ids and back, in flat tables: one string, one array, one hash table.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gorgon {

class Vocabulary
{
public:
    /// Fewer than 2^21 ids, from 0.
    static constexpr int kMaxIds = 1 << 21;

    /// False, and nothing done, where the text or the id is taken. id: 0 .. kMaxIds - 1.
    bool add(std::string_view text, int id);
    /// -1: none.
    int find(std::string_view text) const;
    bool has(int id) const
    {
        return id >= 0 && id < size() && m_entries[static_cast<std::size_t>(id)].at != kNone;
    }
    /// Empty where the id has none.
    std::string_view text(int id) const;
    /// One past the largest id.
    int size() const { return static_cast<int>(m_entries.size()); }
    int count() const { return m_count; }

private:
    static constexpr std::uint32_t kNone = 0xFFFFFFFF;

    struct Entry
    {
        std::uint32_t at = kNone; // in m_bytes
        std::uint32_t length = 0;
    };

    std::size_t slotOf(std::string_view text) const;
    void grow();

    std::string m_bytes;
    std::vector<Entry> m_entries; // by id
    std::vector<std::int32_t> m_slots; // open addressing; -1: free; a power of two of them
    int m_count = 0;
};

} // namespace gorgon
