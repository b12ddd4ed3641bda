// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace gorgon {

/// As the processor calls itself, or "processor".
std::string processorName();
/// The instruction set that operations run on, such as "AVX-512".
std::string instructionSetName();

} // namespace gorgon
