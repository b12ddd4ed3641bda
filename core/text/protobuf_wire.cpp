// SPDX-License-Identifier: Apache-2.0
#include "core/text/protobuf_wire.h"

#include <bit>

namespace gorgon {

namespace {

constexpr std::uint32_t kMaxFieldNumber = (1U << 29) - 1;

std::optional<std::uint64_t> takeVarint(std::string_view& message)
{
    std::uint64_t value = 0;
    for (int i = 0; i < 10; ++i) {
        if (message.empty())
            return std::nullopt;
        const auto byte = static_cast<unsigned char>(message.front());
        message.remove_prefix(1);
        if (i == 9 && byte > 1)
            return std::nullopt;
        value |= std::uint64_t(byte & 0x7F) << (7 * i);
        if (byte < 0x80)
            return value;
    }
    return std::nullopt;
}

std::optional<std::uint64_t> takeFixed(std::string_view& message, std::size_t size)
{
    if (message.size() < size)
        return std::nullopt;
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i)
        value |= std::uint64_t(static_cast<unsigned char>(message[i])) << (8 * i);
    message.remove_prefix(size);
    return value;
}

void putVarint(std::string& out, std::uint64_t value)
{
    while (value >= 0x80) {
        out.push_back(static_cast<char>(value | 0x80));
        value >>= 7;
    }
    out.push_back(static_cast<char>(value));
}

} // namespace

std::optional<WireField> takeWireField(std::string_view& message)
{
    const auto tag = takeVarint(message);
    if (!tag || (*tag >> 3) == 0 || (*tag >> 3) > kMaxFieldNumber)
        return std::nullopt;
    WireField field{static_cast<std::uint32_t>(*tag >> 3), static_cast<int>(*tag & 7), 0, {}};
    std::optional<std::uint64_t> value;
    if (field.type == 0 || field.type == 2)
        value = takeVarint(message);
    else if (field.type == 1 || field.type == 5)
        value = takeFixed(message, field.type == 1 ? 8 : 4);
    if (!value)
        return std::nullopt;
    if (field.type != 2) {
        field.value = *value;
        return field;
    }
    if (*value > message.size())
        return std::nullopt;
    field.bytes = message.substr(0, *value);
    message.remove_prefix(*value);
    return field;
}

void putVarintField(std::string& out, std::uint32_t number, std::uint64_t value)
{
    putVarint(out, std::uint64_t(number) << 3);
    putVarint(out, value);
}

void putBytesField(std::string& out, std::uint32_t number, std::string_view bytes)
{
    putVarint(out, std::uint64_t(number) << 3 | 2);
    putVarint(out, bytes.size());
    out.append(bytes);
}

void putFloatField(std::string& out, std::uint32_t number, float value)
{
    putVarint(out, std::uint64_t(number) << 3 | 5);
    const auto bits = std::bit_cast<std::uint32_t>(value);
    for (int i = 0; i < 4; ++i)
        out.push_back(static_cast<char>(bits >> (8 * i)));
}

} // namespace gorgon
