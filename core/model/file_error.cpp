// SPDX-License-Identifier: Apache-2.0
#include "core/model/file_error.h"

#include <cstdint>
#include <cstdio>
#include <stdexcept>

namespace gorgon {

namespace {

// Bytes of the well-formed UTF-8 character at `i`, 0 where there is none   (Unicode 15, table 3-7)
size_t characterBytes(std::string_view text, size_t i)
{
    const auto byte = [&](size_t k) { return k < text.size() ? uint8_t(text[k]) : uint8_t(0); };
    const auto within
        = [&](size_t k, int low, int high) { return byte(k) >= low && byte(k) <= high; };
    const uint8_t lead = byte(i);
    if (lead < 0x80)
        return 1;
    if (lead >= 0xC2 && lead <= 0xDF)
        return within(i + 1, 0x80, 0xBF) ? 2 : 0;
    if (lead >= 0xE0 && lead <= 0xEF) {
        const int low = lead == 0xE0 ? 0xA0 : 0x80;
        const int high = lead == 0xED ? 0x9F : 0xBF;
        return within(i + 1, low, high) && within(i + 2, 0x80, 0xBF) ? 3 : 0;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        const int low = lead == 0xF0 ? 0x90 : 0x80;
        const int high = lead == 0xF4 ? 0x8F : 0xBF;
        return within(i + 1, low, high) && within(i + 2, 0x80, 0xBF) && within(i + 3, 0x80, 0xBF)
            ? 4
            : 0;
    }
    return 0;
}

} // namespace

bool isValidUtf8(std::string_view text)
{
    for (size_t i = 0; i < text.size();) {
        const size_t n = characterBytes(text, i);
        if (n == 0)
            return false;
        i += n;
    }
    return true;
}

std::string shown(std::string_view text, size_t limit)
{
    std::string result;
    for (size_t i = 0; i < text.size();) {
        if (result.size() >= limit)
            return result + "...";
        const size_t n = characterBytes(text, i);
        if (n == 0 || uint8_t(text[i]) < 0x20 || text[i] == 0x7F) {
            char escaped[5];
            std::snprintf(escaped, sizeof escaped, "\\x%02x", uint8_t(text[i]));
            result += escaped;
            ++i;
        } else {
            result += text.substr(i, n);
            i += n;
        }
    }
    return result;
}

std::string shapeText(const std::vector<int64_t>& shape)
{
    std::string result = "[";
    for (const int64_t size : shape)
        result += (result.size() > 1 ? ", " : "") + std::to_string(size);
    return result + "]";
}

std::string bytesText(uint64_t bytes)
{
    const char* const units[] = {"bytes", "kB", "MB", "GB", "TB", "PB", "EB"};
    if (bytes < 1000)
        return std::to_string(bytes) + " bytes";
    double value = double(bytes);
    int unit = 0;
    while (value >= 999.5) {
        value /= 1000;
        ++unit;
    }
    char text[32];
    std::snprintf(text, sizeof text, value < 9.95 ? "%.1f %s" : "%.0f %s", value, units[unit]);
    return text;
}

void failFile(const std::filesystem::path& path, const std::string& sentence)
{
    throw std::runtime_error(shown(path.string(), 4096) + ": " + sentence);
}

} // namespace gorgon
