// SPDX-License-Identifier: Apache-2.0
#include "core/hub/random_name.h"

#include <cstdint>
#include <random>

namespace gorgon {

std::string randomName()
{
    std::random_device device;
    const uint32_t value = device();
    std::string text;
    for (int shift = 28; shift >= 0; shift -= 4)
        text += "0123456789abcdef"[value >> shift & 15];
    return text;
}

} // namespace gorgon
