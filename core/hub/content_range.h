// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace gorgon {

/// "bytes 100-199/200": first and last byte, and how many there are in all where it says so.
struct ContentRange
{
    uint64_t first = 0;
    uint64_t last = 0;
    std::optional<uint64_t> total;
};
std::optional<ContentRange> parseContentRange(std::string_view text);

} // namespace gorgon
