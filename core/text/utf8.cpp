// SPDX-License-Identifier: Apache-2.0
#include "core/text/utf8.h"

#include <algorithm>

namespace gorgon {

namespace {

struct Lead
{
    int length = 0; // 0: starts no character
    unsigned char second_min = 0x80, second_max = 0xBF;
};

Lead leadOf(unsigned char byte)
{
    if (byte < 0x80)
        return {1};
    if (byte < 0xC2)
        return {};
    if (byte < 0xE0)
        return {2};
    if (byte < 0xF0)
        return {3, static_cast<unsigned char>(byte == 0xE0 ? 0xA0 : 0x80),
            static_cast<unsigned char>(byte == 0xED ? 0x9F : 0xBF)};
    if (byte < 0xF5)
        return {4, static_cast<unsigned char>(byte == 0xF0 ? 0x90 : 0x80),
            static_cast<unsigned char>(byte == 0xF4 ? 0x8F : 0xBF)};
    return {};
}

// How many bytes at the front fit one character whose length is `length`.
int fittingBytes(std::string_view text, int& length)
{
    if (text.empty())
        return 0;
    const Lead lead = leadOf(static_cast<unsigned char>(text[0]));
    length = lead.length;
    if (length == 0)
        return 0;
    int n = 1;
    while (n < length && n < static_cast<int>(text.size())) {
        const auto byte = static_cast<unsigned char>(text[n]);
        const unsigned char low = n == 1 ? lead.second_min : 0x80;
        const unsigned char high = n == 1 ? lead.second_max : 0xBF;
        if (byte < low || byte > high)
            break;
        ++n;
    }
    return n;
}

} // namespace

int utf8Length(std::string_view text)
{
    int length = 0;
    const int n = fittingBytes(text, length);
    return length > 0 && n == length ? length : 0;
}

Utf8Unit firstUtf8Unit(std::string_view text, BrokenUtf8 broken)
{
    int length = 0;
    const int n_fitting = fittingBytes(text, length);
    if (length > 0 && n_fitting == length)
        return {static_cast<std::size_t>(length), Utf8Unit::Kind::Whole};
    if (n_fitting > 0 && n_fitting == static_cast<int>(text.size()))
        return {text.size(), Utf8Unit::Kind::Unfinished};
    const int n_broken = broken == BrokenUtf8::OnePerByte ? 1 : std::max(1, n_fitting);
    return {static_cast<std::size_t>(n_broken), Utf8Unit::Kind::Broken};
}

std::string takeUtf8(std::string& bytes, bool at_end, BrokenUtf8 broken)
{
    std::string out;
    out.reserve(bytes.size());
    std::string_view rest = bytes;
    while (!rest.empty()) {
        std::size_t n_ascii = 0;
        while (n_ascii < rest.size() && static_cast<unsigned char>(rest[n_ascii]) < 0x80)
            ++n_ascii;
        out.append(rest.substr(0, n_ascii));
        rest.remove_prefix(n_ascii);
        if (rest.empty())
            break;
        Utf8Unit unit = firstUtf8Unit(rest, broken);
        if (unit.kind == Utf8Unit::Kind::Unfinished && !at_end)
            break;
        if (unit.kind == Utf8Unit::Kind::Whole)
            out.append(rest.substr(0, unit.n_bytes));
        else
            out.append(kReplacement);
        if (unit.kind == Utf8Unit::Kind::Unfinished && broken == BrokenUtf8::OnePerByte)
            unit.n_bytes = 1;
        rest.remove_prefix(unit.n_bytes);
    }
    bytes.erase(0, bytes.size() - rest.size());
    return out;
}

std::string toValidUtf8(std::string_view text)
{
    std::string bytes(text);
    return takeUtf8(bytes, true);
}

} // namespace gorgon
