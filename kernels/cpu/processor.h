// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace gorgon {

/// As the processor calls itself, or "processor".
std::string processorName();

/// What operations may use, each with all before it of the same architecture. What the processor
/// lacks is never used.
enum class Instructions : uint8_t
{
    scalar,
    neon, // of arm64, which does nothing without
    neon_dot, // dot products of bytes
    sse4,
    avx2,
    avx2_vnni, // dot products of bytes
    avx512,
    avx512_vnni,
    avx512_bf16, // dot products of pairs of bf16
    amx, // products of tiles, bf16 and bytes
};

/// Lowers what is used from now on, and returns the limit until now; amx: nothing is lowered. For
/// tests, between operations. At first the environment variable GORGON_INSTRUCTIONS says it
/// ("avx2", "avx512_vnni"), where it is set; a word that is not known is a std::runtime_error of
/// whatever asks first: chooseBackend and makeCpuBackend do.
Instructions limitInstructions(Instructions most);

/// Whether the processor has these instructions and they are allowed.
bool mayUse(Instructions instructions);

/// Whether dot products of bf16 are to be taken: where they are twice as fast as f32, which they
/// are on AMD's processors, on Intel's half as fast; or where the limit names them.
bool prefersBf16Dot();

/// The best that operations run on, such as "AVX-512 with AMX".
std::string instructionSetName();

} // namespace gorgon
