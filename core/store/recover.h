// SPDX-License-Identifier: Apache-2.0
// Saves what can be read of a damaged file.
#pragma once

#include <filesystem>

#include <SQLiteCpp/SQLiteCpp.h>

namespace gorgon {

struct Recovered
{
    int conversations = 0;
    int messages = 0;
};

/// Copies every readable conversation and message of `damaged` into the empty `fresh`, in one
/// transaction. The damaged file is opened for reading only. Throws only what `fresh` throws.
Recovered recoverInto(SQLite::Database& fresh, const std::filesystem::path& damaged);

} // namespace gorgon
