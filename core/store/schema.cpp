// SPDX-License-Identifier: Apache-2.0
#include "core/store/schema.h"

#include <string>

namespace gorgon {

namespace {

// Ids are never used twice (AUTOINCREMENT), so a late update of a dropped message cannot hit
// another one.
constexpr const char* kVersion1 = R"(
CREATE TABLE conversations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    title TEXT NOT NULL,
    updated_ms INTEGER NOT NULL,
    deleted INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation INTEGER NOT NULL REFERENCES conversations(id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    body TEXT NOT NULL,
    tokens BLOB NOT NULL, -- int32, little endian
    state INTEGER NOT NULL,
    new_tokens INTEGER NOT NULL,
    steps INTEGER NOT NULL,
    prefill_ms REAL NOT NULL,
    decode_ms REAL NOT NULL,
    settings TEXT NOT NULL,
    created_ms INTEGER NOT NULL
);
CREATE INDEX messages_of_conversation ON messages(conversation, id);
CREATE INDEX messages_generating ON messages(state) WHERE state = 1;
CREATE TABLE window_values (
    name TEXT PRIMARY KEY,
    content TEXT NOT NULL
) WITHOUT ROWID;
)";

constexpr const char* kSteps[] = {kVersion1};

} // namespace

std::span<const char* const> schemaSteps()
{
    return kSteps;
}

int storedVersion(SQLite::Database& database)
{
    return database.execAndGet("PRAGMA user_version").getInt();
}

void migrate(SQLite::Database& database, const std::filesystem::path& file,
    std::span<const char* const> steps)
{
    const int before = storedVersion(database);
    if (before >= int(steps.size()))
        return;
    if (before > 0) {
        std::filesystem::path copy = file;
        copy += ".version-" + std::to_string(before) + ".backup";
        std::error_code ignored;
        std::filesystem::remove(copy, ignored); // VACUUM INTO wants a new file
        SQLite::Statement vacuum(database, "VACUUM INTO ?");
        vacuum.bind(1, copy.string());
        vacuum.exec();
    }
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    // Another program may have done it since.
    for (int version = storedVersion(database); version < int(steps.size()); version++)
        database.exec(steps[size_t(version)]);
    if (storedVersion(database) < int(steps.size()))
        database.exec("PRAGMA user_version = " + std::to_string(steps.size()));
    transaction.commit();
}

void probeSchema(SQLite::Database& database)
{
    for (const char* sql : {
             "SELECT id, title, updated_ms, deleted FROM conversations LIMIT 0",
             "SELECT id, conversation, role, body, tokens, state, new_tokens, steps, prefill_ms, "
             "decode_ms, "
             "settings, created_ms FROM messages INDEXED BY messages_of_conversation WHERE "
             "conversation = 0 "
             "LIMIT 0",
             "SELECT id FROM messages INDEXED BY messages_generating WHERE state = 1 LIMIT 0",
             "SELECT name, content FROM window_values LIMIT 0",
         })
        SQLite::Statement(database, sql).executeStep();
}

} // namespace gorgon
