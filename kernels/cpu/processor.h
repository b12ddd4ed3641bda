// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace gorgon {

/// As the processor calls itself, or "processor".
std::string processorName();
/// The instruction set that operations run on, such as "AVX-512".
std::string instructionSetName();
/// True where there are AVX2's dot products of four 8-bit values.
bool hasAvxVnni();

} // namespace gorgon
