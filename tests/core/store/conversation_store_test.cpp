// SPDX-License-Identifier: Apache-2.0
#include "core/store/conversation_store.h"

#include <chrono>
#include <functional>
#include <stdexcept>
#include <sys/mount.h>
#include <unistd.h>

#include "tests/core/store/temporary_folder.h"

using namespace gorgon;
using gorgon::tests::TemporaryFolder;

namespace {

Message message(const std::string& role, const std::string& text)
{
    Message made;
    made.role = role;
    made.text = text;
    return made;
}

void checkEqual(const Message& a, const Message& b)
{
    CHECK(a.role == b.role);
    CHECK(a.text == b.text);
    CHECK(a.tokens == b.tokens);
    CHECK(a.state == b.state);
    CHECK(a.stats.new_tokens == b.stats.new_tokens);
    CHECK(a.stats.steps == b.stats.steps);
    CHECK(a.stats.prefill_ms == b.stats.prefill_ms);
    CHECK(a.stats.decode_ms == b.stats.decode_ms);
    CHECK(a.settings == b.settings);
    CHECK(a.created_ms == b.created_ms);
}

std::string problemOf(const std::function<void()>& work)
{
    try {
        work();
    } catch (const std::runtime_error& error) {
        return error.what();
    }
    return "";
}

bool contains(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("every field of a message survives a reopening")
{
    TemporaryFolder folder;
    const auto file = folder.path() / "deeper" / "c\xC3\xB6nversations \xE6\xBC\xA2.db";
    Message answer = message("assistant", std::string("a\0b\xED\xA0\x80\xFF \xF0\x9F\x90\x8D", 11));
    answer.tokens = {0, 1, -1, 127, 128, 65536, 2147483647, -2147483647 - 1};
    answer.state = MessageState::stopped;
    answer.stats = {12, 5, 3.25, 1e-9};
    answer.settings = R"({"temperature":0.7})";
    answer.created_ms = 1234567890123;
    const std::string title("t\0itle", 6);
    int64_t id = 0;
    {
        ConversationStore store(file);
        CHECK(store.notice().empty());
        CHECK_FALSE(store.readOnly());
        id = store.create(title);
        CHECK(store.append(id, message("user", "")) > 0);
        CHECK(store.append(id, answer) > 0);
    }
    const ConversationStore store(file);
    CHECK(store.notice().empty());
    const Conversation loaded = store.load(id);
    CHECK(loaded.summary.title == title);
    REQUIRE(loaded.messages.size() == 2);
    CHECK(loaded.messages[0].text.empty());
    CHECK(loaded.messages[0].created_ms > 1'600'000'000'000);
    checkEqual(loaded.messages[1], answer);
}

TEST_CASE("a file of conversations is readable by its owner alone")
{
    TemporaryFolder folder;
    const ConversationStore store(folder.path() / "c.db");
    const auto allowed = std::filesystem::status(folder.path() / "c.db").permissions();
    CHECK((allowed & (std::filesystem::perms::group_all | std::filesystem::perms::others_all))
        == std::filesystem::perms::none);
}

TEST_CASE("update replaces the content and keeps role, place and time")
{
    TemporaryFolder folder;
    ConversationStore store(folder.path() / "c.db");
    const int64_t id = store.create("t");
    Message answer = message("assistant", "half");
    answer.state = MessageState::generating;
    answer.created_ms = 77;
    answer.id = store.append(id, answer);
    store.append(id, message("user", "after"));
    for (const bool durable : {false, true}) {
        answer.text += " and more";
        answer.tokens.push_back(9);
        answer.state = durable ? MessageState::complete : MessageState::generating;
        answer.stats.new_tokens++;
        answer.settings = "{}";
        store.update(answer, durable);
        Message expected = answer;
        if (!durable)
            expected.state = MessageState::interrupted;
        const Conversation loaded = store.load(id);
        REQUIRE(loaded.messages.size() == 2);
        checkEqual(loaded.messages[0], expected);
        CHECK(loaded.messages[1].text == "after");
    }
}

TEST_CASE("an edit drops the message and all after it, and ids are never used again")
{
    TemporaryFolder folder;
    ConversationStore store(folder.path() / "c.db");
    const int64_t one = store.create("one"), two = store.create("two");
    std::vector<int64_t> ids;
    for (int i = 0; i < 4; i++) {
        ids.push_back(store.append(one, message("user", std::to_string(i))));
        store.append(two, message("user", std::to_string(i)));
    }
    store.truncateFrom(one, ids[2]);
    REQUIRE(store.load(one).messages.size() == 2);
    CHECK(store.load(one).messages[1].text == "1");
    CHECK(store.load(two).messages.size() == 4);
    Message late = message("user", "late");
    late.id = ids[3];
    CHECK(contains(problemOf([&] { store.update(late, true); }), "deleted"));
    CHECK(store.append(one, message("user", "new")) > ids[3]);
}

TEST_CASE("the list is newest first; the trash can be emptied and restored from")
{
    TemporaryFolder folder;
    ConversationStore store(folder.path() / "c.db");
    const int64_t one = store.create("one"), two = store.create("two"),
                  three = store.create("three");
    usleep(3000); // the order is by milliseconds
    store.append(one, message("user", "hello"));
    store.remove(three);
    store.rename(two, "deux");
    std::vector<ConversationSummary> list = store.list();
    REQUIRE(list.size() == 2);
    CHECK(list[0].id == one);
    CHECK(list[1].title == "deux");
    REQUIRE(store.trash().size() == 1);
    CHECK(store.trash()[0].deleted);
    CHECK(store.load(three).summary.deleted);
    store.restore(three);
    CHECK(store.list().size() == 3);
    store.purge(three);
    CHECK(store.list().size() == 2);
    CHECK(store.trash().empty());
    const auto missing = [&](const std::function<void()>& work) {
        CHECK(contains(problemOf(work), "expected conversation"));
    };
    missing([&] { store.load(three); });
    missing([&] { store.rename(three, ""); });
    missing([&] { store.remove(three); });
    missing([&] { store.restore(three); });
    missing([&] { store.purge(three); });
    missing([&] { store.append(three, message("user", "")); });
    missing([&] { store.truncateFrom(three, 1); });
}

TEST_CASE("a purged text is in no file any more")
{
    TemporaryFolder folder;
    ConversationStore store(folder.path() / "c.db");
    const std::string secret = "xyzzy-secret-plugh";
    const int64_t kept = store.create("kept"), id = store.create("t" + secret);
    store.append(kept, message("user", "stays here"));
    Message long_one = message("user", secret + std::string(100'000, 'x') + secret);
    long_one.id = store.append(id, long_one);
    long_one.text = "short now";
    store.update(long_one, false);
    store.append(id, message("user", secret));
    store.purge(id);
    for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
        CHECK_MESSAGE(
            !contains(gorgon::tests::readFile(entry.path()), secret), entry.path().string());
    CHECK(store.load(kept).messages[0].text == "stays here");
}

TEST_CASE("values of the window are kept by name")
{
    TemporaryFolder folder;
    {
        ConversationStore store(folder.path() / "c.db");
        CHECK(store.value("draft").empty());
        store.setValue("draft", "one");
        store.setValue("draft", std::string("t\0wo", 4));
        store.setValue("other", "x");
    }
    const ConversationStore store(folder.path() / "c.db");
    CHECK(store.value("draft") == std::string("t\0wo", 4));
    CHECK(store.value("other") == "x");
}

TEST_CASE("texts of 5 MB, 10^4 conversations and 10^5 messages are held and listed within a second")
{
    TemporaryFolder folder;
    const auto file = folder.path() / "c.db";
    std::string text(5 << 20, 'a');
    for (size_t i = 0; i < text.size(); i += 997)
        text[i] = char(uint8_t(i));
    int64_t id = 0;
    {
        ConversationStore store(file);
        id = store.create("large");
        store.append(id, message("user", text));
    }
    {
        // Through SQLite itself: 110,000 commits that wait for the disk would take minutes.
        const std::string sql
            = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) "
              "INSERT INTO messages(conversation, role, body, tokens, state, new_tokens, steps, "
              "prefill_ms, "
              "decode_ms, settings, created_ms) SELECT 1, 'user', 'message ' || i, x'01000000', 0, "
              "0, 0, 0, 0, "
              "'', i FROM n;"
              "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) "
              "INSERT INTO conversations(title, updated_ms) SELECT 'title ' || i, i FROM n;";
        gorgon::tests::execSql(file, sql);
    }
    const auto start = std::chrono::steady_clock::now();
    const ConversationStore store(file);
    CHECK(store.list().size() == 10'001);
    const auto listed = std::chrono::steady_clock::now();
    const Conversation loaded = store.load(id);
    const auto done = std::chrono::steady_clock::now();
    using Ms = std::chrono::duration<double, std::milli>;
    MESSAGE("open and list: " << Ms(listed - start).count() << " ms, load 100,001 messages: "
                              << Ms(done - listed).count() << " ms");
    CHECK(Ms(listed - start).count() < 1000);
    REQUIRE(loaded.messages.size() == 100'001);
    CHECK(loaded.messages[0].text == text);
    CHECK(loaded.messages[100'000].text == "message 100000");
    CHECK(loaded.messages[100'000].tokens == std::vector<int>{1});
}

TEST_CASE("a second instance opens safely and leaves the first one's answer alone")
{
    TemporaryFolder folder;
    const auto file = folder.path() / "c.db";
    int64_t id = 0;
    Message answer = message("assistant", "par");
    answer.state = MessageState::generating;
    {
        ConversationStore first(file);
        id = first.create("t");
        answer.id = first.append(id, answer);
        {
            ConversationStore second(file);
            CHECK(second.notice().empty());
            CHECK(second.load(id).messages[0].state == MessageState::interrupted);
            CHECK(gorgon::tests::querySql(file, "SELECT state FROM messages") == "1");
            second.append(id, message("user", "from the second"));
        }
        answer.text = "partial";
        first.update(answer, false);
        CHECK(first.load(id).messages.size() == 2);
    }
    const ConversationStore again(file);
    CHECK(gorgon::tests::querySql(file, "SELECT state FROM messages LIMIT 1") == "3");
    CHECK(again.load(id).messages[0].text == "partial");
    CHECK(again.load(id).messages[0].state == MessageState::interrupted);
}

TEST_CASE("a folder in place of the file and a file in place of the folder are refused in one line")
{
    TemporaryFolder folder;
    std::filesystem::create_directory(folder.path() / "c.db");
    CHECK(contains(
        problemOf([&] { ConversationStore store(folder.path() / "c.db"); }), "something else"));
    gorgon::tests::writeFile(folder.path() / "plain", "text");
    const std::string problem
        = problemOf([&] { ConversationStore store(folder.path() / "plain" / "c.db"); });
    CHECK(contains(problem, "c.db"));
    CHECK_FALSE(contains(problem, "\n"));
}

TEST_CASE("a folder that cannot be written gives one error, or the conversations for reading")
{
    TemporaryFolder folder;
    const auto locked = folder.path() / "locked", empty = folder.path() / "empty";
    int64_t id = 0;
    {
        ConversationStore store(locked / "c.db");
        id = store.create("t");
        store.append(id, message("user", "hello"));
    }
    std::filesystem::create_directory(empty);
    const bool root = geteuid() == 0;
    if (root) { // permissions do not bind root
        for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path()))
            REQUIRE(chown(entry.path().c_str(), 65534, 65534) == 0);
        REQUIRE(chown(folder.path().c_str(), 65534, 65534) == 0);
        REQUIRE(seteuid(65534) == 0);
    }
    std::filesystem::permissions(locked, std::filesystem::perms(0500));
    std::filesystem::permissions(empty, std::filesystem::perms(0500));
    const std::string problem = problemOf([&] { ConversationStore store(empty / "c.db"); });
    CHECK(contains(problem, "cannot be written"));
    CHECK_FALSE(contains(problem, "\n"));
    {
        ConversationStore store(locked / "c.db");
        CHECK(store.readOnly());
        CHECK(contains(store.notice(), "reading only"));
        CHECK(store.load(id).messages[0].text == "hello");
        CHECK(contains(problemOf([&] { store.append(id, message("user", "x")); }), "reading only"));
        CHECK(contains(problemOf([&] { store.setValue("a", "b"); }), "reading only"));
        CHECK(contains(problemOf([&] { store.purge(id); }), "reading only"));
        CHECK(store.load(id).messages.size() == 1);
    }
    std::filesystem::permissions(locked, std::filesystem::perms(0700));
    std::filesystem::permissions(empty, std::filesystem::perms(0700));
    if (root)
        REQUIRE(seteuid(0) == 0);
}

TEST_CASE("a full disk gives one error, and what was acknowledged stays")
{
    TemporaryFolder folder;
    const auto disk = folder.path() / "disk";
    std::filesystem::create_directory(disk);
    if (geteuid() != 0 || mount("none", disk.c_str(), "tmpfs", 0, "size=1m") != 0) {
        MESSAGE("skipped: a small disk can be mounted by root only");
        return;
    }
    int kept = 0;
    std::string problem;
    {
        ConversationStore store(disk / "c.db");
        const int64_t id = store.create("t");
        while (kept < 1000 && problem.empty()) {
            problem
                = problemOf([&] { store.append(id, message("user", std::string(20'000, 'x'))); });
            kept += problem.empty();
        }
        CHECK(contains(problem, "disk full"));
        CHECK_FALSE(contains(problem, "\n"));
        CHECK(kept > 2);
        CHECK(int(store.load(id).messages.size()) == kept);
    }
    {
        const ConversationStore store(disk / "c.db");
        CHECK(int(store.load(1).messages.size()) == kept);
    }
    CHECK(umount(disk.c_str()) == 0);
}
