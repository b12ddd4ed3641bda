// SPDX-License-Identifier: Apache-2.0
// A charsmap is: u32 size of the trie in bytes, the trie, then replacement texts, each ended by
// NUL. The trie is a double array of 32-bit units (Darts-clone); the library follows it without
// looking at its bounds.
#include "core/text/sentencepiece_file.h"

#include <cstdint>
#include <stdexcept>
#include <vector>

namespace gorgon {

namespace {

constexpr std::size_t kMaxCharsmapBytes = std::size_t(1) << 20;
constexpr std::size_t kMaxReplacementBytes = 256; // the longest of NFKC takes 33
constexpr int kMaxMatches = 32; // the library's buffer for matches of one prefix

std::uint32_t unitAt(std::string_view trie, std::size_t index)
{
    std::uint32_t unit = 0;
    for (int i = 0; i < 4; ++i)
        unit |= std::uint32_t(static_cast<unsigned char>(trie[4 * index + i])) << (8 * i);
    return unit;
}

bool hasLeaf(std::uint32_t unit)
{
    return (unit >> 8 & 1) != 0;
}

std::uint32_t offsetOf(std::uint32_t unit)
{
    return (unit >> 10) << ((unit & (1U << 9)) >> 6);
}

// Visits every unit that some text can reach, and counts the most matches on the way to it.
bool trieIsSound(std::string_view trie, std::size_t n_text_bytes)
{
    const std::size_t n_units = trie.size() / 4;
    std::vector<std::uint8_t> matches(n_units, 0); // 1 + matches on the way; 0: not reached
    std::vector<std::uint32_t> open{0};
    matches[0] = 1;
    std::size_t visits = 0;
    while (!open.empty()) {
        const std::uint32_t index = open.back();
        open.pop_back();
        const std::uint32_t unit = unitAt(trie, index);
        const std::size_t base = index ^ offsetOf(unit);
        if ((base | 0xFF) >= n_units || ++visits > 4 * n_units)
            return false;
        int n_matches = matches[index];
        if (hasLeaf(unit)) {
            const std::uint32_t text_at = unitAt(trie, base) & 0x7FFFFFFF;
            if (index == 0 || text_at >= n_text_bytes || ++n_matches > kMaxMatches)
                return false;
        }
        for (std::uint32_t label = 0; label < 256; ++label) {
            const auto child = static_cast<std::uint32_t>(base ^ label);
            // Bit 31 marks a value, which no label equals.
            if ((unitAt(trie, child) & 0x800000FF) != label || matches[child] >= n_matches)
                continue;
            matches[child] = static_cast<std::uint8_t>(n_matches);
            open.push_back(child);
        }
    }
    return true;
}

} // namespace

void checkCharsmap(std::string_view charsmap, const std::string& what)
{
    const auto fail = [&](const std::string& found) {
        throw std::runtime_error(
            what + ": expected normalisation rules, found " + found + "; download the file again");
    };
    if (charsmap.empty())
        return;
    if (charsmap.size() > kMaxCharsmapBytes)
        fail(std::to_string(charsmap.size()) + " bytes of them");
    if (charsmap.size() < 4)
        fail("fewer than four bytes");
    const std::size_t trie_bytes = unitAt(charsmap, 0);
    if (trie_bytes % 4 != 0 || trie_bytes < 1024 || trie_bytes >= charsmap.size() - 4)
        fail("a trie of " + std::to_string(trie_bytes) + " bytes");
    const std::string_view texts = charsmap.substr(4 + trie_bytes);
    if (texts.back() != '\0')
        fail("replacement texts without an end");
    for (std::size_t at = 0; at < texts.size();) {
        const std::size_t end = texts.find('\0', at);
        if (end - at > kMaxReplacementBytes)
            fail("a replacement text of " + std::to_string(end - at) + " bytes");
        at = end + 1;
    }
    if (!trieIsSound(charsmap.substr(4, trie_bytes), texts.size()))
        fail("a trie that leads out of itself");
}

} // namespace gorgon
