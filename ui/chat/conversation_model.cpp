// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/conversation_model.h"

#include "ui/chat/visible_text.h"

namespace gorgon {

ConversationModel::ConversationModel(QObject* parent)
    : QAbstractListModel(parent)
{
}

void ConversationModel::setConversations(const ConversationList& conversations)
{
    beginResetModel();
    m_conversations = conversations;
    endResetModel();
}

void ConversationModel::setBusy(qint64 conversation)
{
    m_busy = conversation;
    refreshDates();
}

int ConversationModel::rowOf(qint64 conversation) const
{
    for (int row = 0; row < m_conversations.size(); ++row) {
        if (m_conversations[row].id == conversation)
            return row;
    }
    return -1;
}

int ConversationModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : int(m_conversations.size());
}

QVariant ConversationModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const ConversationSummary& conversation = m_conversations[index.row()];
    const QString title = QString::fromStdString(conversation.title);
    const QString date = relativeDate(
        QDateTime::fromMSecsSinceEpoch(conversation.updated_ms), QDateTime::currentDateTime());
    switch (role) {
    case Qt::DisplayRole:
    case Qt::ToolTipRole:
        return visibleText(title).replace(u'\n', u' ');
    case Qt::EditRole:
        return title;
    case Qt::AccessibleTextRole:
        return QStringLiteral("%1, %2").arg(visibleText(title), date);
    case id_role:
        return qint64(conversation.id);
    case date_role:
        return date;
    case busy_role:
        return conversation.id == m_busy;
    default:
        return {};
    }
}

bool ConversationModel::setData(const QModelIndex& index, const QVariant& value, int role)
{
    if (role != Qt::EditRole || !checkIndex(index, CheckIndexOption::IndexIsValid))
        return false;
    const QString title = value.toString().simplified().left(200);
    ConversationSummary& conversation = m_conversations[index.row()];
    if (title.isEmpty() || title.toStdString() == conversation.title)
        return false;
    conversation.title = title.toStdString();
    emit dataChanged(index, index);
    emit renamed(conversation.id, title);
    return true;
}

Qt::ItemFlags ConversationModel::flags(const QModelIndex& index) const
{
    return QAbstractListModel::flags(index)
        | (index.isValid() ? Qt::ItemIsEditable : Qt::NoItemFlags);
}

void ConversationModel::refreshDates()
{
    if (!m_conversations.isEmpty())
        emit dataChanged(index(0), index(int(m_conversations.size()) - 1));
}

} // namespace gorgon
