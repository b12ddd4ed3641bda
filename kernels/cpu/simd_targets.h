// SPDX-License-Identifier: Apache-2.0
// Include before any Highway header. Instruction sets that differ from a kept one only in what is
// not used here would multiply code for nothing; scalable vectors cannot be members or arrays.
#pragma once

#define HWY_DISABLED_TARGETS                                                                       \
    (HWY_SSSE3 | HWY_AVX3_DL | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
