// SPDX-License-Identifier: Apache-2.0
#include "core/model/content_hash.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace gorgon {

namespace {

constexpr uint64_t kPrime1 = 0x9E3779B185EBCA87;
constexpr uint64_t kPrime2 = 0xC2B2AE3D27D4EB4F;
constexpr uint64_t kPrime3 = 0x165667B19E3779F9;
constexpr uint64_t kPrime4 = 0x85EBCA77C2B2AE63;
constexpr uint64_t kPrime5 = 0x27D4EB2F165667C5;
constexpr std::array<uint64_t, 2> kSeeds = {0, 0x476F72676F6E2131};

template <typename T> T wordAt(const std::byte* bytes)
{
    T word = 0;
    std::memcpy(&word, bytes, sizeof word);
    return word;
}

uint64_t mixed(uint64_t sum, uint64_t word)
{
    return std::rotl(sum + word * kPrime2, 31) * kPrime1;
}

} // namespace

ContentHash::ContentHash()
{
    for (size_t lane = 0; lane < kSeeds.size(); ++lane)
        m_sums[lane] = {kSeeds[lane] + kPrime1 + kPrime2, kSeeds[lane] + kPrime2, kSeeds[lane],
            kSeeds[lane] - kPrime1};
}

void ContentHash::addStripes(const std::byte* bytes, size_t n_stripes)
{
    // note: sums in locals, so that they stay in registers.
    std::array<std::array<uint64_t, 4>, 2> sums = m_sums;
    for (; n_stripes > 0; --n_stripes, bytes += kStripe) {
        for (size_t i = 0; i < 4; ++i) {
            const auto word = wordAt<uint64_t>(bytes + 8 * i);
            sums[0][i] = mixed(sums[0][i], word);
            sums[1][i] = mixed(sums[1][i], word);
        }
    }
    m_sums = sums;
}

void ContentHash::add(std::span<const std::byte> bytes)
{
    m_n_bytes += bytes.size();
    if (m_n_rest > 0) {
        const size_t n = std::min(kStripe - m_n_rest, bytes.size());
        std::copy_n(bytes.begin(), n, m_rest.begin() + ptrdiff_t(m_n_rest));
        m_n_rest += n;
        bytes = bytes.subspan(n);
        if (m_n_rest < kStripe)
            return;
        addStripes(m_rest.data(), 1);
        m_n_rest = 0;
    }
    addStripes(bytes.data(), bytes.size() / kStripe);
    bytes = bytes.subspan(bytes.size() / kStripe * kStripe);
    std::copy(bytes.begin(), bytes.end(), m_rest.begin());
    m_n_rest = bytes.size();
}

void ContentHash::add(std::string_view text)
{
    add(std::as_bytes(std::span(text)));
}

uint64_t ContentHash::digest(size_t lane) const
{
    const std::array<uint64_t, 4>& sums = m_sums[lane];
    uint64_t hash = kSeeds[lane] + kPrime5;
    if (m_n_bytes >= kStripe) {
        hash = std::rotl(sums[0], 1) + std::rotl(sums[1], 7) + std::rotl(sums[2], 12)
            + std::rotl(sums[3], 18);
        for (const uint64_t sum : sums)
            hash = (hash ^ mixed(0, sum)) * kPrime1 + kPrime4;
    }
    hash += m_n_bytes;
    const std::byte* at = m_rest.data();
    const std::byte* const end = at + m_n_rest;
    for (; end - at >= 8; at += 8)
        hash = std::rotl(hash ^ mixed(0, wordAt<uint64_t>(at)), 27) * kPrime1 + kPrime4;
    if (end - at >= 4) {
        hash = std::rotl(hash ^ uint64_t(wordAt<uint32_t>(at)) * kPrime1, 23) * kPrime2 + kPrime3;
        at += 4;
    }
    for (; at < end; ++at)
        hash = std::rotl(hash ^ uint64_t(*at) * kPrime5, 11) * kPrime1;
    hash = (hash ^ hash >> 33) * kPrime2;
    hash = (hash ^ hash >> 29) * kPrime3;
    return hash ^ hash >> 32;
}

std::string ContentHash::hex() const
{
    std::string text;
    for (size_t lane = 0; lane < kSeeds.size(); ++lane) {
        const uint64_t value = digest(lane);
        for (int shift = 60; shift >= 0; shift -= 4)
            text += "0123456789abcdef"[value >> shift & 15];
    }
    return text;
}

} // namespace gorgon
