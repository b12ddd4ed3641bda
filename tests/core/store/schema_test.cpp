// SPDX-License-Identifier: Apache-2.0
#include "core/store/schema.h"

#include "core/store/conversation_store.h"
#include "tests/core/store/temporary_folder.h"

using namespace gorgon;
using gorgon::tests::TemporaryFolder;

TEST_CASE("an empty file of version 0 becomes the present version")
{
    TemporaryFolder folder;
    const auto file = folder.path() / "c.db";
    gorgon::tests::writeFile(file, "");
    ConversationStore store(file);
    CHECK(store.notice().empty());
    CHECK(store.create("t") == 1);
    CHECK(gorgon::tests::querySql(file, "PRAGMA user_version") == std::to_string(schemaVersion()));
    CHECK(gorgon::tests::querySql(file, "PRAGMA journal_mode") == "wal");
}

TEST_CASE("an older version with content is copied, then migrated in one transaction")
{
    TemporaryFolder folder;
    const auto file = folder.path() / "c.db";
    SQLite::Database database(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    const char* const one[] = {"CREATE TABLE t(a); INSERT INTO t VALUES(5)"};
    migrate(database, file, one);
    CHECK(storedVersion(database) == 1);
    CHECK_FALSE(std::filesystem::exists(folder.path() / "c.db.version-1.backup"));

    const char* const broken[]
        = {one[0], "ALTER TABLE t ADD COLUMN b; INSERT INTO nowhere VALUES(1)"};
    CHECK_THROWS_AS(migrate(database, file, broken), SQLite::Exception);
    CHECK(storedVersion(database) == 1);
    CHECK_THROWS_AS(database.exec("SELECT b FROM t"), SQLite::Exception);

    const char* const three[]
        = {one[0], "ALTER TABLE t ADD COLUMN b DEFAULT 6", "UPDATE t SET b = b + a"};
    migrate(database, file, three);
    CHECK(storedVersion(database) == 3);
    CHECK(database.execAndGet("SELECT b FROM t").getInt() == 11);
    const auto copy = folder.path() / "c.db.version-1.backup";
    CHECK(gorgon::tests::querySql(copy, "SELECT a FROM t") == "5");
    CHECK(gorgon::tests::querySql(copy, "PRAGMA user_version") == "1");
    migrate(database, file, three);
    CHECK(database.execAndGet("SELECT b FROM t").getInt() == 11);
}

TEST_CASE("a newer version is opened for reading only, and its file stays as it is")
{
    TemporaryFolder folder;
    const auto file = folder.path() / "c.db";
    int64_t id = 0;
    {
        ConversationStore store(file);
        id = store.create("from the future");
        Message question;
        question.role = "user";
        question.text = "hello";
        store.append(id, question);
    }
    gorgon::tests::execSql(
        file, "ALTER TABLE messages ADD COLUMN mood TEXT; PRAGMA user_version = 7");
    const std::string before = gorgon::tests::readFile(file);
    {
        ConversationStore store(file);
        CHECK(store.readOnly());
        CHECK(store.notice().find("newer Gorgon (version 7") != std::string::npos);
        CHECK(store.list().size() == 1);
        CHECK(store.load(id).messages[0].text == "hello");
        CHECK_THROWS_AS(store.create("x"), std::runtime_error);
    }
    CHECK(gorgon::tests::readFile(file) == before);
}
