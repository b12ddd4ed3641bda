// SPDX-License-Identifier: Apache-2.0
// Where tests find their data.
#pragma once

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

namespace gorgon::tests {

/// tests/data: fixtures of our own, always there.
inline std::filesystem::path dataFolder()
{
    return std::filesystem::path(GORGON_SOURCE_DIR) / "tests" / "data";
}

/// ../shared beside the checkout: files that came from elsewhere; may be absent.
inline std::filesystem::path sharedFolder()
{
    return std::filesystem::path(GORGON_SOURCE_DIR).parent_path() / "shared";
}

/// True where a shared file exists; otherwise says that the test is skipped.
inline bool sharedHas(const std::string& relative)
{
    if (std::filesystem::exists(sharedFolder() / relative))
        return true;
    MESSAGE("skipped: ../shared/" << relative << " is not here");
    return false;
}

} // namespace gorgon::tests
