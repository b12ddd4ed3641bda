# SPDX-License-Identifier: Apache-2.0
# Builds for arm64 on a machine of another kind and runs the tests in an emulator, whose processor the
# environment variable QEMU_CPU names. packaging/test-arm64 fills the folder of packages.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -L /usr/aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH ${CMAKE_CURRENT_LIST_DIR}/../build/arm64/packages)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
