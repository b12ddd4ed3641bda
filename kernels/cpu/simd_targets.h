// SPDX-License-Identifier: Apache-2.0
// Include before any Highway header. Instruction sets that differ from a kept one only in what is
// not used here would multiply code for nothing; scalable vectors cannot be members or arrays.
#pragma once

#define HWY_DISABLED_TARGETS                                                                       \
    (HWY_SSSE3 | HWY_AVX3_DL | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)

// Highway's only way to compile NEON as every arm64 processor has it, without a choice at run time:
// with one it asks for encryption instructions too, and members of structs no longer compile.
#if defined(__aarch64__) && !defined(TOOLCHAIN_MISS_SYS_AUXV_H)
#define TOOLCHAIN_MISS_SYS_AUXV_H
#endif

// Dot products of bytes on arm64. Clang 14 has them only where it compiles everything for them.
#if defined(__aarch64__) && (defined(__ARM_FEATURE_DOTPROD) || !defined(__clang__))
#define GORGON_NEON_DOT
#endif
