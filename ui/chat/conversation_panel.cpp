// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/conversation_panel.h"

#include "ui/chat/conversation_delegate.h"
#include "ui/chat/conversation_model.h"
#include "ui/theme/theme.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QMenu>
#include <QPushButton>
#include <QSortFilterProxyModel>
#include <QTimer>
#include <QVBoxLayout>

namespace gorgon {

namespace {

constexpr int kBothNames = 190; // the program's and the button's fit beside each other

} // namespace

ConversationPanel::ConversationPanel(QWidget* parent)
    : QWidget(parent)
    , m_model(new ConversationModel(this))
    , m_filter(new QSortFilterProxyModel(this))
    , m_new_chat(new QPushButton(tr("New chat")))
    , m_search(new QLineEdit)
    , m_list(new QListView)
    , m_empty(new QLabel)
{
    auto* name = new QLabel(QStringLiteral("Gorgon"));
    setRole(name, "title");
    m_new_chat->setToolTip(tr("New chat (Ctrl+N)"));
    m_new_chat->setAccessibleName(tr("New chat"));
    m_search->setPlaceholderText(tr("Search titles  Ctrl+K"));
    m_search->setAccessibleName(tr("Search conversations"));
    m_search->setClearButtonEnabled(true);
    m_search->setTextMargins(8, 2, 4, 2);
    m_search->installEventFilter(this);
    m_filter->setSourceModel(m_model);
    m_filter->setFilterCaseSensitivity(Qt::CaseInsensitive);
    m_list->setModel(m_filter);
    m_list->setItemDelegate(new ConversationDelegate(m_list));
    m_list->setAccessibleName(tr("Conversations"));
    m_list->setFrameShape(QFrame::NoFrame);
    m_list->setUniformItemSizes(true);
    m_list->setMouseTracking(true);
    m_list->setEditTriggers(QAbstractItemView::EditKeyPressed);
    m_list->setContextMenuPolicy(Qt::CustomContextMenu);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_list->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    m_list->setStyleSheet(QStringLiteral("QListView { background: transparent; }"));
    m_list->installEventFilter(this);
    m_empty->setAlignment(Qt::AlignHCenter | Qt::AlignTop);
    m_empty->setWordWrap(true);
    setRole(m_empty, "caption");

    auto* top = new QHBoxLayout;
    top->setContentsMargins(6, 0, 2, 0);
    top->addWidget(name, 1);
    top->addWidget(m_new_chat);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(10, 12, 10, 10);
    column->setSpacing(Theme::kGap);
    column->addLayout(top);
    column->addWidget(m_search);
    column->addWidget(m_empty);
    column->addWidget(m_list, 1);
    column->addWidget(makeFoot());
    setMinimumWidth(150);

    connect(m_new_chat, &QPushButton::clicked, this, &ConversationPanel::newChatRequested);
    connect(m_search, &QLineEdit::textChanged, this, [this](const QString& text) {
        m_filter->setFilterFixedString(text);
        select();
        updateEmptyWords();
    });
    connect(m_list, &QListView::clicked, this, &ConversationPanel::openIndex);
    connect(m_list, &QListView::activated, this, &ConversationPanel::openIndex);
    connect(m_list, &QListView::customContextMenuRequested, this, &ConversationPanel::showMenu);
    connect(m_model, &ConversationModel::renamed, this, &ConversationPanel::renamed);
    auto* minute = new QTimer(this);
    connect(minute, &QTimer::timeout, m_model, &ConversationModel::refreshDates);
    minute->start(60000);
    updateEmptyWords();
}

QWidget* ConversationPanel::makeFoot()
{
    auto* foot = new QWidget;
    auto* column = new QVBoxLayout(foot);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(2);
    auto* models = new QPushButton(tr("Models"));
    models->setToolTip(tr("Installed models, the hub and downloads (Ctrl+Shift+O)"));
    auto* appearance = new QPushButton(tr("Appearance"));
    auto* shortcuts = new QPushButton(tr("Shortcuts"));
    for (QPushButton* button : {models, appearance, shortcuts}) {
        setRole(button, "flat");
        button->setStyleSheet(QStringLiteral("QPushButton { text-align: left; }"));
        column->addWidget(button);
    }
    const std::pair<QString, ThemeMode> modes[] = {{tr("As the desktop"), ThemeMode::system},
        {tr("Light"), ThemeMode::light}, {tr("Dark"), ThemeMode::dark}};
    connect(appearance, &QPushButton::clicked, this, [this, appearance, modes] {
        QMenu menu(this);
        for (const auto& [name, mode] : modes)
            connect(menu.addAction(name), &QAction::triggered, this,
                [this, chosen = mode] { emit appearanceChosen(chosen); });
        menu.exec(appearance->mapToGlobal(QPoint(0, -menu.sizeHint().height())));
    });
    connect(models, &QPushButton::clicked, this, &ConversationPanel::modelsRequested);
    connect(shortcuts, &QPushButton::clicked, this, &ConversationPanel::shortcutsRequested);
    return foot;
}

void ConversationPanel::setConversations(const ConversationList& conversations)
{
    const bool had_focus = m_list->hasFocus();
    m_model->setConversations(conversations);
    select();
    updateEmptyWords();
    if (had_focus)
        m_list->setFocus();
}

void ConversationPanel::setCurrent(qint64 conversation)
{
    m_current = conversation;
    select();
}

void ConversationPanel::setBusy(qint64 conversation)
{
    m_model->setBusy(conversation);
}

void ConversationPanel::select()
{
    const int row = m_model->rowOf(m_current);
    const QModelIndex index
        = row < 0 ? QModelIndex() : m_filter->mapFromSource(m_model->index(row));
    if (index.isValid())
        m_list->setCurrentIndex(index);
    else
        m_list->selectionModel()->clear();
}

void ConversationPanel::openIndex(const QModelIndex& index)
{
    const qint64 conversation = index.data(ConversationModel::id_role).toLongLong();
    if (index.isValid() && conversation != m_current)
        emit opened(conversation);
}

void ConversationPanel::focusSearch()
{
    m_search->setFocus(Qt::ShortcutFocusReason);
    m_search->selectAll();
}

void ConversationPanel::renameCurrent()
{
    if (m_list->currentIndex().isValid())
        m_list->edit(m_list->currentIndex());
}

void ConversationPanel::removeCurrent()
{
    const QModelIndex index = m_list->currentIndex();
    if (index.isValid())
        emit removeRequested(
            index.data(ConversationModel::id_role).toLongLong(), index.data().toString());
}

void ConversationPanel::showMenu(QPoint place)
{
    const QModelIndex index = m_list->indexAt(place);
    if (!index.isValid())
        return;
    QMenu menu(this);
    QAction* rename = menu.addAction(tr("Rename  F2"));
    QAction* remove = menu.addAction(tr("Delete"));
    QAction* chosen = menu.exec(m_list->viewport()->mapToGlobal(place));
    if (chosen == rename)
        m_list->edit(index);
    else if (chosen == remove)
        emit removeRequested(
            index.data(ConversationModel::id_role).toLongLong(), index.data().toString());
}

bool ConversationPanel::eventFilter(QObject* object, QEvent* event)
{
    if (object == m_search && event->type() == QEvent::ShortcutOverride
        && !m_search->isUndoAvailable()
        && static_cast<QKeyEvent*>(event)->matches(QKeySequence::Undo))
    {
        event->ignore(); // nothing to undo here: the key is the window's
        return true;
    }
    if (event->type() != QEvent::KeyPress)
        return QWidget::eventFilter(object, event);
    const int key = static_cast<QKeyEvent*>(event)->key();
    if (object == m_list && key == Qt::Key_Delete) {
        removeCurrent();
        return true;
    }
    if (object == m_search && key == Qt::Key_Escape) {
        m_search->clear();
        return true;
    }
    if (object == m_search && (key == Qt::Key_Down || key == Qt::Key_Return)
        && m_filter->rowCount() > 0)
    {
        m_list->setCurrentIndex(m_filter->index(0, 0));
        m_list->setFocus();
        if (key == Qt::Key_Return)
            openIndex(m_list->currentIndex());
        return true;
    }
    return QWidget::eventFilter(object, event);
}

void ConversationPanel::resizeEvent(QResizeEvent*)
{
    m_new_chat->setText(width() < kBothNames ? tr("New") : tr("New chat"));
}

void ConversationPanel::updateEmptyWords()
{
    m_empty->setVisible(m_filter->rowCount() == 0);
    m_empty->setText(m_model->rowCount() == 0 ? tr("Conversations are kept here.")
                                              : tr("No conversation has this in its title."));
}

} // namespace gorgon
