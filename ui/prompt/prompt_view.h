// SPDX-License-Identifier: GPL-3.0-or-later
// What the model sees, token by token. Plain values.
#pragma once

#include <QMetaType>
#include <QString>
#include <QStringList>
#include <QVector>

namespace gorgon {

struct PromptToken
{
    enum class Origin
    {
        control, // a control token: the template's, never a message's
        chat_template, // text between the messages
        message, // what somebody wrote
    };
    int id = 0;
    QString text; // bytes that begin or end within a character stand as <0xE2>
    Origin origin = Origin::message;
};

struct PromptView
{
    qint64 conversation = 0;
    QVector<PromptToken> tokens;
    int n_left_out = 0; // oldest messages that no longer fit
    QString problem; // why there is no prompt; empty: there is one
};

/// The template in use and those that may be chosen, by name. "": the model's own.
struct TemplateChoice
{
    QString current; // "" or a name of `names`
    QString source; // "tokenizer_config.json", "built in, chosen for Vicuna"
    QStringList names;
    bool has_own = false;
};

} // namespace gorgon

Q_DECLARE_METATYPE(gorgon::PromptView)
Q_DECLARE_METATYPE(gorgon::TemplateChoice)
