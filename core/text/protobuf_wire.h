// SPDX-License-Identifier: Apache-2.0
// The wire format of protocol buffers, one message at a time: no recursion, nothing sized by the
// file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gorgon {

struct WireField
{
    std::uint32_t number = 0;
    int type = 0; // 0 varint, 1 eight bytes, 2 length and bytes, 5 four bytes
    std::uint64_t value = 0; // types 0, 1 and 5, the latter two as little-endian bits
    std::string_view bytes; // type 2; points into the message
};

/// Takes one field off the front of a message; nullopt where what is there is not one.
std::optional<WireField> takeWireField(std::string_view& message);

void putVarintField(std::string& out, std::uint32_t number, std::uint64_t value);
void putBytesField(std::string& out, std::uint32_t number, std::string_view bytes);
void putFloatField(std::string& out, std::uint32_t number, float value);

} // namespace gorgon
