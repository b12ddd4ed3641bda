// SPDX-License-Identifier: Apache-2.0
#include "core/store/recover.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string>

namespace gorgon {

namespace {

constexpr int64_t kMostRows = 2'000'000; // a damaged id must not make a search endless

int64_t lastId(SQLite::Database& database, const std::string& table)
{
    for (const std::string& sql : {"SELECT max(id) FROM " + table,
             "SELECT seq FROM sqlite_sequence WHERE name = '" + table + "'"})
    {
        try {
            const int64_t last = database.execAndGet(sql).getInt64();
            if (last > 0 && last <= kMostRows)
                return last;
        } catch (const SQLite::Exception&) {
            continue;
        }
    }
    return 100'000;
}

/// Calls use(row) for each row that can be read, one look-up per id: a damaged page costs its own
/// rows only.
template <class Use>
void eachReadableRow(
    SQLite::Database& database, const std::string& table, const std::string& columns, Use use)
{
    std::unique_ptr<SQLite::Statement> select;
    const int64_t last = lastId(database, table);
    for (int64_t id = 1; id <= last; id++) {
        bool found = false;
        try {
            if (!select)
                select = std::make_unique<SQLite::Statement>(
                    database, "SELECT " + columns + " FROM " + table + " WHERE id = ?");
            select->bind(1, id);
            found = select->executeStep();
        } catch (const SQLite::Exception&) {
            if (!select)
                return; // the table itself is gone
        }
        if (found)
            use(id, *select);
        select->tryReset();
    }
}

} // namespace

Recovered recoverInto(SQLite::Database& fresh, const std::filesystem::path& damaged)
{
    Recovered recovered;
    std::unique_ptr<SQLite::Database> old;
    try {
        old = std::make_unique<SQLite::Database>(damaged.string(), SQLite::OPEN_READONLY);
        old->exec("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON");
        old->execAndGet("SELECT count(*) FROM sqlite_master");
    } catch (const SQLite::Exception&) {
        return recovered;
    }
    std::set<int64_t> known;
    SQLite::Transaction transaction(fresh, SQLite::TransactionBehavior::IMMEDIATE);
    SQLite::Statement put_conversation(
        fresh, "INSERT INTO conversations(id, title, updated_ms, deleted) VALUES(?, ?, ?, ?)");
    eachReadableRow(*old, "conversations", "title, updated_ms, deleted",
        [&](int64_t id, SQLite::Statement& row) {
            put_conversation.reset();
            put_conversation.bind(1, id);
            put_conversation.bind(2, row.getColumn(0).getString());
            put_conversation.bind(3, row.getColumn(1).getInt64());
            put_conversation.bind(4, int(row.getColumn(2).getInt() != 0));
            put_conversation.exec();
            known.insert(id);
        });
    SQLite::Statement put_message(fresh,
        "INSERT INTO messages(id, conversation, role, body, tokens, state, new_tokens, steps, "
        "prefill_ms, "
        "decode_ms, settings, created_ms) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    eachReadableRow(*old, "messages",
        "conversation, role, body, tokens, state, new_tokens, steps, prefill_ms, decode_ms, "
        "settings, "
        "created_ms",
        [&](int64_t id, SQLite::Statement& row) {
            const int64_t conversation = row.getColumn(0).getInt64();
            if (conversation <= 0 || conversation > kMostRows)
                return;
            if (known.insert(conversation).second) {
                put_conversation.reset();
                put_conversation.bind(1, conversation);
                put_conversation.bind(2, std::string("Recovered"));
                put_conversation.bind(3, row.getColumn(10).getInt64());
                put_conversation.bind(4, 0);
                put_conversation.exec();
            }
            put_message.reset();
            put_message.bind(1, id);
            put_message.bind(2, conversation);
            put_message.bind(3, row.getColumn(1).getString());
            put_message.bind(4, row.getColumn(2).getString());
            const std::string tokens = row.getColumn(3).getString();
            put_message.bind(5, tokens.data(), int(tokens.size()));
            for (int column = 4; column <= 6; column++)
                put_message.bind(column + 2, row.getColumn(column).getInt64());
            for (int column = 7; column <= 8; column++)
                put_message.bind(column + 2, row.getColumn(column).getDouble());
            put_message.bind(11, row.getColumn(9).getString());
            put_message.bind(12, row.getColumn(10).getInt64());
            put_message.exec();
            recovered.messages++;
        });
    transaction.commit();
    recovered.conversations = int(known.size());
    return recovered;
}

} // namespace gorgon
