// SPDX-License-Identifier: Apache-2.0
#include "core/store/conversation_store.h"

#include <chrono>
#include <stdexcept>

#include "core/store/database_file.h"

namespace gorgon {

namespace {

constexpr size_t kMaxText = 1'000'000'000; // SQLite's own limit

int64_t nowMs()
{
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

std::string packTokens(const std::vector<int>& tokens)
{
    std::string bytes;
    bytes.reserve(tokens.size() * 4);
    for (const int token : tokens)
        for (int shift = 0; shift < 32; shift += 8)
            bytes += char(uint8_t(uint32_t(token) >> shift));
    return bytes;
}

std::vector<int> unpackTokens(const std::string& bytes)
{
    std::vector<int> tokens;
    if (bytes.size() % 4 != 0)
        return tokens; // not ours; ids are made again from the text
    tokens.reserve(bytes.size() / 4);
    for (size_t i = 0; i < bytes.size(); i += 4) {
        uint32_t token = 0;
        for (size_t j = 0; j < 4; j++)
            token |= uint32_t(uint8_t(bytes[i + j])) << (8 * j);
        tokens.push_back(int32_t(token));
    }
    return tokens;
}

MessageState readState(int state)
{
    if (state < 0 || state > int(MessageState::failed) || state == int(MessageState::generating))
        return MessageState::interrupted;
    return MessageState(state);
}

/// Text, tokens, state, stats and settings to parameters first ... first + 7.
void bindContent(SQLite::Statement& statement, int first, const Message& message)
{
    const std::string tokens = packTokens(message.tokens);
    statement.bind(first, message.text);
    statement.bind(first + 1, tokens.data(), int(tokens.size()));
    statement.bind(first + 2, int(message.state));
    statement.bind(first + 3, message.stats.new_tokens);
    statement.bind(first + 4, message.stats.steps);
    statement.bind(first + 5, message.stats.prefill_ms);
    statement.bind(first + 6, message.stats.decode_ms);
    statement.bind(first + 7, message.settings);
}

} // namespace

struct ConversationStore::Impl
{
    std::filesystem::path file;
    DatabaseFile opened;

    SQLite::Database& database() const { return *opened.database; }

    std::runtime_error missing(const std::string& what, int64_t id) const
    {
        return std::runtime_error(file.string() + ": expected " + what + " " + std::to_string(id)
            + ", found that it was deleted; reload the list");
    }

    template <class Work> auto read(Work work) const
    {
        try {
            return work();
        } catch (const SQLite::Exception& error) {
            throw std::runtime_error(storeProblem(file, error));
        }
    }

    /// Runs work() in one transaction.
    template <class Work> auto write(Work work) const
    {
        if (opened.read_only)
            throw std::runtime_error(opened.notice);
        return read([&] {
            SQLite::Transaction transaction(database(), SQLite::TransactionBehavior::IMMEDIATE);
            if constexpr (std::is_void_v<decltype(work())>) {
                work();
                transaction.commit();
            } else {
                auto result = work();
                transaction.commit();
                return result;
            }
        });
    }

    void checkText(const std::string& text) const
    {
        if (text.size() > kMaxText)
            throw std::runtime_error(file.string()
                + ": expected a text of at most 1 GB, found a longer one; shorten it");
    }

    void touch(int64_t conversation) const
    {
        SQLite::Statement statement(
            database(), "UPDATE conversations SET updated_ms = ? WHERE id = ?");
        statement.bind(1, nowMs());
        statement.bind(2, conversation);
        if (statement.exec() == 0)
            throw missing("conversation", conversation);
    }

    void setDeleted(int64_t conversation, bool deleted) const
    {
        write([&] {
            SQLite::Statement statement(
                database(), "UPDATE conversations SET deleted = ? WHERE id = ?");
            statement.bind(1, int(deleted));
            statement.bind(2, conversation);
            if (statement.exec() == 0)
                throw missing("conversation", conversation);
        });
    }

    std::vector<ConversationSummary> list(bool deleted) const
    {
        return read([&] {
            std::vector<ConversationSummary> summaries;
            SQLite::Statement select(database(),
                "SELECT id, title, updated_ms FROM conversations WHERE deleted = ? "
                "ORDER BY updated_ms DESC, id DESC");
            select.bind(1, int(deleted));
            while (select.executeStep())
                summaries.push_back({select.getColumn(0).getInt64(),
                    select.getColumn(1).getString(), select.getColumn(2).getInt64(), deleted});
            return summaries;
        });
    }
};

ConversationStore::ConversationStore(const std::filesystem::path& file)
    : m_impl(std::make_unique<Impl>())
{
    m_impl->file = file;
    m_impl->opened = openDatabaseFile(file);
}

ConversationStore::~ConversationStore() = default;

const std::string& ConversationStore::notice() const
{
    return m_impl->opened.notice;
}

bool ConversationStore::readOnly() const
{
    return m_impl->opened.read_only;
}

std::vector<ConversationSummary> ConversationStore::list() const
{
    return m_impl->list(false);
}

std::vector<ConversationSummary> ConversationStore::trash() const
{
    return m_impl->list(true);
}

Conversation ConversationStore::load(int64_t conversation) const
{
    return m_impl->read([&] {
        SQLite::Database& database = m_impl->database();
        SQLite::Transaction snapshot(database);
        Conversation loaded;
        SQLite::Statement head(
            database, "SELECT title, updated_ms, deleted FROM conversations WHERE id = ?");
        head.bind(1, conversation);
        if (!head.executeStep())
            throw m_impl->missing("conversation", conversation);
        loaded.summary = {conversation, head.getColumn(0).getString(), head.getColumn(1).getInt64(),
            head.getColumn(2).getInt() != 0};
        SQLite::Statement select(database,
            "SELECT id, role, body, tokens, state, new_tokens, steps, prefill_ms, decode_ms, "
            "settings, "
            "created_ms FROM messages WHERE conversation = ? ORDER BY id");
        select.bind(1, conversation);
        while (select.executeStep()) {
            Message message;
            message.id = select.getColumn(0).getInt64();
            message.role = select.getColumn(1).getString();
            message.text = select.getColumn(2).getString();
            message.tokens = unpackTokens(select.getColumn(3).getString());
            message.state = readState(select.getColumn(4).getInt());
            message.stats = {select.getColumn(5).getInt(), select.getColumn(6).getInt(),
                select.getColumn(7).getDouble(), select.getColumn(8).getDouble()};
            message.settings = select.getColumn(9).getString();
            message.created_ms = select.getColumn(10).getInt64();
            loaded.messages.push_back(std::move(message));
        }
        return loaded;
    });
}

int64_t ConversationStore::create(const std::string& title)
{
    m_impl->checkText(title);
    return m_impl->write([&] {
        SQLite::Statement insert(
            m_impl->database(), "INSERT INTO conversations(title, updated_ms) VALUES(?, ?)");
        insert.bind(1, title);
        insert.bind(2, nowMs());
        insert.exec();
        return m_impl->database().getLastInsertRowid();
    });
}

void ConversationStore::rename(int64_t conversation, const std::string& title)
{
    m_impl->checkText(title);
    m_impl->write([&] {
        SQLite::Statement statement(
            m_impl->database(), "UPDATE conversations SET title = ? WHERE id = ?");
        statement.bind(1, title);
        statement.bind(2, conversation);
        if (statement.exec() == 0)
            throw m_impl->missing("conversation", conversation);
    });
}

void ConversationStore::remove(int64_t conversation)
{
    m_impl->setDeleted(conversation, true);
}

void ConversationStore::restore(int64_t conversation)
{
    m_impl->setDeleted(conversation, false);
}

void ConversationStore::purge(int64_t conversation)
{
    m_impl->write([&] {
        SQLite::Statement erase(m_impl->database(), "DELETE FROM conversations WHERE id = ?");
        erase.bind(1, conversation);
        if (erase.exec() == 0)
            throw m_impl->missing("conversation", conversation);
    });
    // secure_delete overwrote the pages; older copies of them are in the log.
    m_impl->read([&] { m_impl->database().execAndGet("PRAGMA wal_checkpoint(TRUNCATE)"); });
}

int64_t ConversationStore::append(int64_t conversation, const Message& message)
{
    m_impl->checkText(message.text);
    m_impl->checkText(message.settings);
    return m_impl->write([&] {
        m_impl->touch(conversation);
        SQLite::Statement insert(m_impl->database(),
            "INSERT INTO messages(conversation, role, created_ms, body, tokens, state, new_tokens, "
            "steps, "
            "prefill_ms, decode_ms, settings) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
        insert.bind(1, conversation);
        insert.bind(2, message.role);
        insert.bind(3, message.created_ms ? message.created_ms : nowMs());
        bindContent(insert, 4, message);
        insert.exec();
        return m_impl->database().getLastInsertRowid();
    });
}

void ConversationStore::update(const Message& message, bool durable)
{
    m_impl->checkText(message.text);
    m_impl->checkText(message.settings);
    const auto synchronous = [&](const char* level) {
        m_impl->read(
            [&] { m_impl->database().exec(std::string("PRAGMA synchronous = ") + level); });
    };
    const auto put = [&] {
        m_impl->write([&] {
            SQLite::Statement update(m_impl->database(),
                "UPDATE messages SET body = ?, tokens = ?, state = ?, new_tokens = ?, steps = ?, "
                "prefill_ms = ?, decode_ms = ?, settings = ? WHERE id = ?");
            bindContent(update, 1, message);
            update.bind(9, message.id);
            if (update.exec() == 0)
                throw m_impl->missing("message", message.id);
        });
    };
    if (durable) {
        put();
        return;
    }
    synchronous("NORMAL");
    try {
        put();
    } catch (...) {
        synchronous("FULL");
        throw;
    }
    synchronous("FULL");
}

void ConversationStore::truncateFrom(int64_t conversation, int64_t message)
{
    m_impl->write([&] {
        m_impl->touch(conversation);
        SQLite::Statement erase(
            m_impl->database(), "DELETE FROM messages WHERE conversation = ? AND id >= ?");
        erase.bind(1, conversation);
        erase.bind(2, message);
        erase.exec();
    });
}

std::string ConversationStore::value(const std::string& key) const
{
    return m_impl->read([&] {
        SQLite::Statement select(
            m_impl->database(), "SELECT content FROM window_values WHERE name = ?");
        select.bind(1, key);
        return select.executeStep() ? select.getColumn(0).getString() : std::string();
    });
}

void ConversationStore::setValue(const std::string& key, const std::string& text)
{
    m_impl->checkText(text);
    m_impl->write([&] {
        SQLite::Statement put(m_impl->database(),
            "INSERT INTO window_values(name, content) VALUES(?, ?) "
            "ON CONFLICT(name) DO UPDATE SET content = excluded.content");
        put.bind(1, key);
        put.bind(2, text);
        put.exec();
    });
}

} // namespace gorgon
