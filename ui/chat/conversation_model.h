// SPDX-License-Identifier: GPL-3.0-or-later
// The conversations of the list, newest first.
#pragma once

#include "ui/chat/chat_values.h"

#include <QAbstractListModel>

namespace gorgon {

class ConversationModel : public QAbstractListModel
{
    Q_OBJECT

public:
    enum Role
    {
        id_role = Qt::UserRole,
        date_role, // "yesterday"
        busy_role, // an answer is being made there
    };

    explicit ConversationModel(QObject* parent = nullptr);

    void setConversations(const ConversationList& conversations);
    void setBusy(qint64 conversation); // 0: none
    int rowOf(qint64 conversation) const; // -1: not there

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    bool setData(const QModelIndex& index, const QVariant& value, int role = Qt::EditRole) override;
    Qt::ItemFlags flags(const QModelIndex& index) const override;

public slots:
    void refreshDates();

signals:
    void renamed(qint64 conversation, const QString& title);

private:
    ConversationList m_conversations;
    qint64 m_busy = 0;
};

} // namespace gorgon
