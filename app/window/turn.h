// SPDX-License-Identifier: GPL-3.0-or-later
// A message that is to be answered, before and after it is on disk. Plain values.
#pragma once

#include "core/store/conversation.h"

#include <QMetaType>
#include <QString>

#include <stop_token>
#include <vector>

namespace gorgon {

struct TurnRequest
{
    enum class Kind
    {
        send, // a new message at the end
        edit, // replaces `message` and all after it
        regenerate, // writes the answer `message` again
    };
    Kind kind = Kind::send;
    qint64 conversation = 0; // 0: begin one
    qint64 message = 0;
    QString text;
};

/// On disk: the messages before the answer, and the answer's own empty row.
struct Turn
{
    qint64 conversation = 0;
    bool is_new = false; // the conversation began with it
    qint64 truncated_from = 0; // this message and all after it are gone; 0: none
    std::vector<Message> history; // what the answer answers
    std::vector<Message> added; // the newly stored ones, the answer last
    Message answer;
    std::stop_token stop;
};

} // namespace gorgon

Q_DECLARE_METATYPE(gorgon::TurnRequest)
Q_DECLARE_METATYPE(gorgon::Turn)
