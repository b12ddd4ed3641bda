// SPDX-License-Identifier: Apache-2.0
// Ids of words seen lately, for one text: a fixed number of places, a newer word takes an older
// one's.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

namespace gorgon {

class WordCache
{
public:
    static constexpr std::size_t kMaxWordBytes = 30;
    static constexpr std::size_t kMaxIds = 7;

    explicit WordCache(std::size_t n_text_bytes)
        : m_places(std::bit_ceil(std::clamp<std::size_t>(n_text_bytes / 8, 16, 8192)))
    {
    }

    /// Empty where the word is not known.
    std::span<const std::int32_t> find(std::string_view word) const
    {
        if (word.size() > kMaxWordBytes)
            return {};
        const Place& place = m_places[indexOf(word)];
        const bool is_it = place.n_bytes == word.size()
            && std::memcmp(place.word.data(), word.data(), word.size()) == 0;
        return {place.ids.data(), is_it ? place.n_ids : std::size_t(0)};
    }
    void put(std::string_view word, std::span<const std::int32_t> ids)
    {
        if (word.size() > kMaxWordBytes || ids.empty() || ids.size() > kMaxIds)
            return;
        Place& place = m_places[indexOf(word)];
        place.n_bytes = static_cast<std::uint8_t>(word.size());
        place.n_ids = static_cast<std::uint8_t>(ids.size());
        std::copy(word.begin(), word.end(), place.word.begin());
        std::copy(ids.begin(), ids.end(), place.ids.begin());
    }

private:
    struct Place
    {
        std::uint8_t n_bytes = 0, n_ids = 0;
        std::array<char, kMaxWordBytes> word{};
        std::array<std::int32_t, kMaxIds> ids{};
    };

    std::size_t indexOf(std::string_view word) const
    {
        return std::hash<std::string_view>()(word) & (m_places.size() - 1);
    }

    std::vector<Place> m_places;
};

} // namespace gorgon
