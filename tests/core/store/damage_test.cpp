// SPDX-License-Identifier: Apache-2.0
// Damaged files: never a crash, never an overwritten original.
#include "core/store/conversation_store.h"

#include "tests/core/store/temporary_folder.h"

using namespace gorgon;
using gorgon::tests::TemporaryFolder;

namespace {

constexpr int kConversations = 20;
constexpr int kMessages = 10; // of each

std::string text(int conversation, int message)
{
    return "text " + std::to_string(conversation) + "." + std::to_string(message)
        + std::string(size_t(message) * 300, 'y');
}

/// A sound database's bytes.
std::string soundFile()
{
    TemporaryFolder folder;
    {
        ConversationStore store(folder.path() / "c.db");
        for (int i = 0; i < kConversations; i++) {
            const int64_t id = store.create("title " + std::to_string(i));
            for (int j = 0; j < kMessages; j++) {
                Message message;
                message.role = j % 2 ? "assistant" : "user";
                message.text = text(i, j);
                message.tokens.assign(size_t(j), 3);
                store.append(id, message);
            }
        }
    }
    return gorgon::tests::readFile(folder.path() / "c.db");
}

int messagesIn(const ConversationStore& store)
{
    int n = 0;
    for (const ConversationSummary& summary : store.list())
        n += int(store.load(summary.id).messages.size());
    return n;
}

/// Files whose name says that they were moved aside.
std::vector<std::filesystem::path> movedAside(const std::filesystem::path& folder)
{
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        if (entry.path().filename().string().find(".damaged-") != std::string::npos)
            files.push_back(entry.path());
    return files;
}

bool holdsBytes(const std::vector<std::filesystem::path>& files, const std::string& bytes)
{
    for (const auto& file : files)
        if (gorgon::tests::readFile(file) == bytes)
            return true;
    return false;
}

} // namespace

TEST_CASE("a file that is no database is moved aside and named")
{
    for (const std::string& bytes : {std::string("not a database at all"), std::string(5000, '\0'),
             std::string("SQLite format 3\0 and then nothing", 33)})
    {
        TemporaryFolder folder;
        const auto file = folder.path() / "c.db";
        gorgon::tests::writeFile(file, bytes);
        gorgon::tests::writeFile(folder.path() / "c.db-wal", "a log");
        {
            ConversationStore store(file);
            CHECK(store.notice().find("was damaged") != std::string::npos);
            CHECK(store.notice().find('\n') == std::string::npos);
            CHECK(store.create("new") == 1);
        }
        CHECK(holdsBytes(movedAside(folder.path()), bytes));
        CHECK(holdsBytes(movedAside(folder.path()), "a log"));
        const ConversationStore again(file);
        CHECK(again.notice().empty());
        CHECK(again.list().size() == 1);
    }
}

TEST_CASE("another program's database is moved aside, not added to")
{
    TemporaryFolder folder;
    const auto file = folder.path() / "c.db";
    gorgon::tests::execSql(file, "CREATE TABLE theirs(a)");
    const std::string bytes = gorgon::tests::readFile(file);
    const ConversationStore store(file);
    CHECK(store.notice().find("other tables") != std::string::npos);
    CHECK(holdsBytes(movedAside(folder.path()), bytes));
}

TEST_CASE("a lost main file does not cost its log")
{
    for (const bool present : {false, true}) {
        TemporaryFolder folder;
        gorgon::tests::writeFile(folder.path() / "c.db-wal", "the log of a lost file");
        if (present)
            gorgon::tests::writeFile(folder.path() / "c.db", "");
        const ConversationStore store(folder.path() / "c.db");
        CHECK(store.notice().find("main file is lost") != std::string::npos);
        CHECK(holdsBytes(movedAside(folder.path()), "the log of a lost file"));
        CHECK(store.list().empty());
    }
}

TEST_CASE("a damaged file that another instance has open is left in place")
{
    TemporaryFolder folder;
    const auto file = folder.path() / "c.db";
    ConversationStore first(file);
    first.create("t");
    gorgon::tests::execSql(file, "PRAGMA wal_checkpoint(TRUNCATE)");
    std::string bytes = gorgon::tests::readFile(file);
    REQUIRE(bytes.size() > 4200);
    bytes.replace(4096, 8, "garbage!");
    gorgon::tests::writeFile(file, bytes);
    std::string problem;
    try {
        const ConversationStore second(file);
    } catch (const std::runtime_error& error) {
        problem = error.what();
    }
    CHECK(problem.find("another program has the file open") != std::string::npos);
    CHECK(gorgon::tests::readFile(file) == bytes);
}

TEST_CASE("one damaged page costs its own rows only")
{
    const std::string sound = soundFile();
    TemporaryFolder folder;
    const auto file = folder.path() / "c.db";
    std::string bytes = sound;
    const size_t page = bytes.find(text(7, 4)) / 4096 * 4096;
    REQUIRE(page > 0);
    bytes.replace(page, 8, "garbage!");
    gorgon::tests::writeFile(file, bytes);
    const ConversationStore store(file);
    CHECK(store.notice().find("conversations with") != std::string::npos);
    CHECK(holdsBytes(movedAside(folder.path()), bytes));
    CHECK(store.list().size() == kConversations);
    const int left = messagesIn(store);
    MESSAGE(left << " of " << kConversations * kMessages << " messages recovered");
    CHECK(left > kConversations * kMessages * 9 / 10);
    CHECK(left < kConversations * kMessages);
    CHECK(store.load(20).messages.back().text == text(19, 9));
}

TEST_CASE("flipped bits beside an unfinished log never cost the log")
{
    TemporaryFolder source;
    ConversationStore writing(source.path() / "c.db");
    const int64_t id = writing.create("t");
    for (int i = 0; i < 30; i++) {
        Message message;
        message.role = "user";
        message.text = text(1, i);
        writing.append(id, message);
    }
    const std::string main = gorgon::tests::readFile(source.path() / "c.db");
    const std::string log = gorgon::tests::readFile(source.path() / "c.db-wal");
    REQUIRE(log.size() > 100'000);
    std::mt19937_64 random = gorgon::tests::seededRandom();
    int moved = 0;
    for (int round = 0; round < 30; round++) {
        TemporaryFolder folder;
        const auto file = folder.path() / "c.db";
        std::string flipped_main = main, flipped_log = log;
        if (round % 3 == 0) { // neither the main file nor the log can be read
            flipped_main[3] ^= 1;
            flipped_log[1] ^= 1;
        }
        std::string& target = round % 2 ? flipped_main : flipped_log;
        target[random() % (round % 3 ? 100 : target.size())] ^= char(1 << random() % 8);
        gorgon::tests::writeFile(file, flipped_main);
        gorgon::tests::writeFile(folder.path() / "c.db-wal", flipped_log);
        try {
            const ConversationStore store(file);
            messagesIn(store);
        } catch (const std::runtime_error& error) {
            CHECK(std::string(error.what()).find('\n') == std::string::npos);
        }
        const auto aside = movedAside(folder.path());
        if (aside.empty())
            continue;
        moved++;
        CHECK(holdsBytes(aside, flipped_main));
        CHECK_MESSAGE(holdsBytes(aside, flipped_log), "round " << round);
    }
    MESSAGE(moved << " moved aside");
    CHECK(moved > 0);
}

TEST_CASE("flipped bits never crash and never cost the original")
{
    const std::string sound = soundFile();
    std::mt19937_64 random = gorgon::tests::seededRandom();
    int moved = 0, kept = 0;
    for (int round = 0; round < 100; round++) {
        TemporaryFolder folder;
        const auto file = folder.path() / "c.db";
        std::string bytes = sound;
        const int flips = round % 3 == 0 ? 8 : 1;
        for (int i = 0; i < flips; i++)
            // Every other round: the first two pages, where header and schema lie.
            bytes[random() % (round % 2 ? bytes.size() : 8192)] ^= char(1 << random() % 8);
        gorgon::tests::writeFile(file, bytes);
        try {
            const ConversationStore store(file);
            messagesIn(store);
        } catch (const std::runtime_error& error) {
            CHECK(std::string(error.what()).find('\n') == std::string::npos);
        }
        const auto aside = movedAside(folder.path());
        CHECK_MESSAGE(
            (aside.empty() ? gorgon::tests::readFile(file) == bytes : holdsBytes(aside, bytes)),
            "round " << round);
        (aside.empty() ? kept : moved)++;
    }
    MESSAGE(moved << " moved aside, " << kept << " opened");
    CHECK(moved > 0);
    CHECK(kept > 0);
}
