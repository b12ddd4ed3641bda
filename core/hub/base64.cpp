// SPDX-License-Identifier: Apache-2.0
#include "core/hub/base64.h"

#include <cstdint>

namespace gorgon {

std::string base64(std::string_view bytes)
{
    static constexpr char kLetters[]
        = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (size_t i = 0; i < bytes.size(); i += 3) {
        uint32_t group = 0;
        for (size_t j = i; j < i + 3; ++j)
            group = group << 8 | (j < bytes.size() ? uint8_t(bytes[j]) : 0);
        for (size_t j = 0; j < 4; ++j)
            text += i + j <= bytes.size() ? kLetters[group >> (18 - 6 * j) & 63] : '=';
    }
    return text;
}

} // namespace gorgon
