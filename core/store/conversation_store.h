// SPDX-License-Identifier: Apache-2.0
// Conversations in SQLite: WAL, synchronous=FULL for messages. What was acknowledged is never lost.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "core/store/conversation.h"

namespace gorgon {

/// One thread at a time. Every call either is on disk when it returns or throws std::runtime_error
/// with one sentence and changes nothing.
class ConversationStore
{
public:
    /// Creates the file and its folder where absent, migrates an older schema in one transaction
    /// with a backup, refuses a newer one (opened read-only). A damaged file is moved aside, never
    /// overwritten: `notice` says so. Answers left `generating` become `interrupted`.
    explicit ConversationStore(const std::filesystem::path& file);
    ~ConversationStore();

    /// One sentence about what was done at opening (moved aside, recovered, read-only); mostly
    /// empty.
    const std::string& notice() const;
    bool readOnly() const;

    std::vector<ConversationSummary> list() const; // newest first, without deleted ones
    std::vector<ConversationSummary> trash() const; // newest first, deleted ones only
    Conversation load(int64_t conversation) const;
    int64_t create(const std::string& title); // its id
    void rename(int64_t conversation, const std::string& title);
    void remove(int64_t conversation); // to the trash
    void restore(int64_t conversation);
    void purge(int64_t conversation); // for good, its bytes overwritten

    /// Appends and gives the message its id.
    int64_t append(int64_t conversation, const Message& message);
    /// Text, tokens, state, stats and settings of a stored message. durable: waits for the disk
    /// (FULL); otherwise a partial answer, at most once a second.
    void update(const Message& message, bool durable);
    /// Drops this message and all after it: an edit or a regeneration begins here.
    void truncateFrom(int64_t conversation, int64_t message);

    /// A small table of the window's own values (splitters, last conversation, drafts).
    std::string value(const std::string& key) const; // empty where absent
    void setValue(const std::string& key, const std::string& text);

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace gorgon
