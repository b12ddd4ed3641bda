// SPDX-License-Identifier: Apache-2.0
#include "core/text/utf8.h"

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

bool utf8IsUnfinished(std::string_view text)
{
    int length = 0;
    const int n = fittingBytes(text, length);
    return n > 0 && n < length && n == static_cast<int>(text.size());
}

std::string takeUtf8(std::string& bytes, bool at_end)
{
    std::string out;
    std::string_view rest = bytes;
    while (!rest.empty()) {
        const int length = utf8Length(rest);
        if (length > 0)
            out.append(rest.substr(0, length));
        else if (!at_end && utf8IsUnfinished(rest))
            break;
        else
            out.append(kReplacement);
        rest.remove_prefix(length > 0 ? length : 1);
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
