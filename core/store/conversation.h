// SPDX-License-Identifier: Apache-2.0
// A conversation as it is kept on disk. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace gorgon {

enum class MessageState : uint8_t
{
    complete,
    generating, // on disk only while an answer is being made; read back as interrupted
    stopped, // by the user
    interrupted, // the program ended while the answer was being made
    failed,
};

/// An answer's figures, shown below it.
struct MessageStats
{
    int new_tokens = 0;
    int steps = 0;
    double prefill_ms = 0;
    double decode_ms = 0;
};

struct Message
{
    int64_t id = 0; // 0: not stored yet
    std::string role; // "system", "user", "assistant"
    std::string text; // UTF-8
    std::vector<int> tokens; // ids of the text, kept while the text is unchanged
    MessageState state = MessageState::complete;
    MessageStats stats;
    std::string settings; // JSON of what an answer was made with; empty otherwise
    int64_t created_ms = 0; // Unix time, milliseconds
};

struct ConversationSummary
{
    int64_t id = 0;
    std::string title;
    int64_t updated_ms = 0;
    bool deleted = false; // in the trash, restorable
};

struct Conversation
{
    ConversationSummary summary;
    std::vector<Message> messages;
};

} // namespace gorgon
