// SPDX-License-Identifier: Apache-2.0
// The tables and how they came to be. A database knows its version: PRAGMA user_version.
#pragma once

#include <filesystem>
#include <span>

#include <SQLiteCpp/SQLiteCpp.h>

namespace gorgon {

/// Entry i takes a database from version i to i + 1; SQL, several statements. Entries are never
/// changed once published, only added.
std::span<const char* const> schemaSteps();

inline int schemaVersion()
{
    return int(schemaSteps().size());
}

int storedVersion(SQLite::Database& database);

/// Brings an older database to version steps.size() in one transaction. One with content is copied
/// before, to FILE.version-N.backup.
void migrate(SQLite::Database& database, const std::filesystem::path& file,
    std::span<const char* const> steps);

/// Throws SQLite::Exception where a table or column that the store reads is missing.
void probeSchema(SQLite::Database& database);

} // namespace gorgon
