// SPDX-License-Identifier: Apache-2.0
// Opens the file that holds the conversations, whatever state it is in.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <SQLiteCpp/SQLiteCpp.h>

#include "core/store/file_lock.h"

namespace gorgon {

struct DatabaseFile
{
    FileLock lock;
    std::unique_ptr<SQLite::Database> database;
    bool read_only = false;
    std::string notice;
};

/// Checked, at the present schema version and ready to write; or read-only with a notice. A damaged
/// file is moved aside with everything beside it and what can be read is copied over. Throws
/// std::runtime_error.
DatabaseFile openDatabaseFile(const std::filesystem::path& file);

/// "FILE: what failed, what to do".
std::string storeProblem(const std::filesystem::path& file, const SQLite::Exception& error);

} // namespace gorgon
