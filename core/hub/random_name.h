// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace gorgon {

/// 8 hexadecimal digits that no other attempt is likely to draw.
std::string randomName();

} // namespace gorgon
