// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/transcript.h"

#include "ui/chat/message_actions.h"
#include "ui/chat/message_view.h"
#include "ui/theme/theme.h"

#include <QApplication>
#include <QClipboard>
#include <QElapsedTimer>
#include <QEvent>
#include <QGuiApplication>
#include <QPushButton>
#include <QScrollBar>
#include <QTimer>

#include <algorithm>

namespace gorgon {

namespace {

constexpr int kTop = 16;
constexpr int kBottom = 20;
constexpr int kSpacing = 2;
constexpr int kMargin = Theme::kEdge - MessageView::kFrame; // text stands flush with the prompt
constexpr int kBudgetMs
    = 6; // laying out messages that are out of sight, per turn of the event loop
constexpr int kAtBottom = 4; // pixels

} // namespace

Transcript::Transcript(QWidget* parent)
    : QScrollArea(parent)
    , m_column(new QWidget)
    , m_actions(new MessageActions(m_column))
    , m_jump(new QPushButton(this))
    , m_stale_timer(new QTimer(this))
{
    setAccessibleName(tr("Messages"));
    setFrameShape(QFrame::NoFrame);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setFocusPolicy(Qt::NoFocus);
    setWidget(m_column);
    viewport()->setAutoFillBackground(false);
    m_column->setAutoFillBackground(false);
    verticalScrollBar()->setSingleStep(40);
    m_jump->setText(tr("Jump to latest"));
    m_jump->setAccessibleName(tr("Jump to the latest message"));
    m_jump->setToolTip(tr("Jump to latest (Ctrl+End)"));
    m_jump->hide();
    m_stale_timer->setSingleShot(true);
    m_stale_timer->setInterval(0);
    connect(m_stale_timer, &QTimer::timeout, this, [this] { layOutStale(kBudgetMs); });
    connect(m_jump, &QPushButton::clicked, this, &Transcript::jumpToLatest);
    connect(verticalScrollBar(), &QScrollBar::valueChanged, this, &Transcript::scrolled);
    connect(m_actions, &MessageActions::copyRequested, this, &Transcript::copy);
    connect(m_actions, &MessageActions::editRequested, this,
        [this](MessageView* view) { emit editRequested(view->message().id, view->text()); });
    connect(m_actions, &MessageActions::regenerateRequested, this,
        [this](MessageView* view) { emit regenerateRequested(view->message().id); });
}

void Transcript::setMessages(const std::vector<Message>& messages)
{
    m_actions->attach(nullptr, false, false);
    for (MessageView* view : m_views)
        delete view;
    m_views.clear();
    m_heights.clear();
    m_stale.clear();
    for (const Message& message : messages)
        addMessage(message);
    m_follow = true;
    layOutStale(kBudgetMs);
}

MessageView* Transcript::addMessage(const Message& message)
{
    auto* view = new MessageView(message, m_column);
    connect(view, &MessageView::activated, this, &Transcript::attachActions);
    connect(view, &MessageView::copyRequested, this, &Transcript::copy);
    connect(view, &MessageView::stepChosen, this, &Transcript::stepChosen);
    view->setMarksShown(m_marks_shown);
    m_views.push_back(view);
    m_heights.push_back(view->estimatedHeight(textWidth()));
    m_stale.push_back(1);
    view->show();
    m_stale_timer->start();
    return view;
}

void Transcript::removeFrom(qint64 message)
{
    const auto first = std::find_if(m_views.begin(), m_views.end(),
        [message](const MessageView* view) { return view->message().id == message; });
    if (first == m_views.end())
        return;
    m_actions->attach(nullptr, false, false);
    for (auto view = first; view != m_views.end(); ++view)
        delete *view;
    m_views.erase(first, m_views.end());
    m_heights.resize(m_views.size());
    m_stale.resize(m_views.size());
    place();
}

MessageView* Transcript::find(qint64 message) const
{
    // The one that is asked for is almost always the last.
    for (auto view = m_views.rbegin(); view != m_views.rend(); ++view) {
        if ((*view)->message().id == message)
            return *view;
    }
    return nullptr;
}

void Transcript::append(const AnswerProgress& progress)
{
    MessageView* view = find(progress.message);
    if (!view)
        return;
    view->append(progress.text, progress.marks);
    view->setStats(progress.stats);
    layOutLast();
}

void Transcript::setMarksShown(bool shown)
{
    m_marks_shown = shown;
    for (MessageView* view : m_views)
        view->setMarksShown(shown);
}

void Transcript::finish(const Message& message)
{
    if (MessageView* view = find(message.id)) {
        view->setMessage(message);
        layOutLast();
    }
}

void Transcript::setWaiting(qint64 message, const QString& words)
{
    if (MessageView* view = find(message))
        view->setWaiting(words);
}

void Transcript::setMayChange(bool may_change)
{
    m_may_change = may_change;
    if (m_actions->view())
        attachActions(m_actions->view());
}

void Transcript::jumpToLatest()
{
    m_follow = true;
    layOutStale(kBudgetMs);
    verticalScrollBar()->setValue(verticalScrollBar()->maximum());
}

void Transcript::layOutLast()
{
    if (m_views.empty())
        return;
    const size_t last = m_views.size() - 1;
    const int height = m_views[last]->layOut(textWidth());
    m_views[last]->update();
    if (height == m_heights[last] && !m_stale[last])
        return;
    m_heights[last] = height;
    m_stale[last] = 0;
    place();
}

int Transcript::textWidth() const
{
    return m_column->width() - 2 * kMargin;
}

void Transcript::place()
{
    m_placing = true;
    QScrollBar* bar = verticalScrollBar();
    // What the reader looks at stays where it is while heights above it become known.
    MessageView* anchor = nullptr;
    int offset = 0;
    if (!m_follow) {
        for (MessageView* view : m_views) {
            if (view->geometry().bottom() >= bar->value()) {
                anchor = view;
                offset = bar->value() - view->y();
                break;
            }
        }
    }
    int y = kTop;
    for (size_t i = 0; i < m_views.size(); ++i) {
        m_views[i]->setGeometry(kMargin, y, textWidth(), m_heights[i]);
        y += m_heights[i] + kSpacing;
    }
    m_column->resize(m_column->width(), y + kBottom);
    bar->setRange(0, std::max(0, m_column->height() - viewport()->height()));
    bar->setValue(m_follow ? bar->maximum() : anchor ? anchor->y() + offset : bar->value());
    m_actions->place();
    m_placing = false;
    m_jump->setVisible(!m_follow && bar->value() < bar->maximum() - kAtBottom);
}

// What is in sight must be right before it is painted; the rest may take several turns of the event
// loop.
void Transcript::layOutStale(int budget_ms)
{
    QElapsedTimer clock;
    clock.start();
    const int width = textWidth();
    for (bool changed = true; changed;) {
        changed = false;
        place();
        const int top = verticalScrollBar()->value();
        const int bottom = top + viewport()->height();
        for (size_t i = m_views.size(); i-- > 0;) {
            if (m_stale[i] && m_views[i]->y() < bottom && m_views[i]->geometry().bottom() >= top) {
                m_heights[i] = m_views[i]->layOut(width);
                m_stale[i] = 0;
                changed = true;
            }
        }
    }
    bool left = false;
    bool changed = false;
    for (size_t i = m_views.size(); i-- > 0;) {
        if (!m_stale[i])
            continue;
        left = clock.elapsed() >= budget_ms;
        if (left)
            break;
        m_heights[i] = m_views[i]->layOut(width);
        m_stale[i] = 0;
        changed = true;
    }
    if (changed)
        place();
    if (left)
        m_stale_timer->start();
}

void Transcript::scrolled()
{
    if (m_placing)
        return;
    const QScrollBar* bar = verticalScrollBar();
    m_follow = bar->value() >= bar->maximum() - kAtBottom;
    m_jump->setVisible(!m_follow);
    layOutStale(0);
}

void Transcript::resizeEvent(QResizeEvent*)
{
    // The scroll bar, where there is one, stands in the margin and moves nothing.
    const int width = this->width();
    if (m_column->width() != width) {
        m_column->resize(width, m_column->height());
        std::fill(m_stale.begin(), m_stale.end(), 1);
    }
    layOutStale(kBudgetMs);
    m_jump->adjustSize();
    m_jump->move((this->width() - m_jump->width()) / 2, height() - m_jump->height() - Theme::kGap);
    m_jump->raise();
}

bool Transcript::viewportEvent(QEvent* event)
{
    if (event->type() == QEvent::Leave && !m_actions->underMouse()
        && !m_actions->isAncestorOf(QApplication::focusWidget()))
        m_actions->attach(nullptr, false, false);
    return QScrollArea::viewportEvent(event);
}

void Transcript::attachActions(MessageView* view)
{
    const bool in_making = view->message().state == MessageState::generating;
    if (in_making) {
        m_actions->attach(nullptr, false, false);
        return;
    }
    m_actions->attach(view, m_may_change, view == m_views.back());
}

void Transcript::copy(MessageView* view)
{
    const QString selected = view->selectedText();
    QGuiApplication::clipboard()->setText(selected.isEmpty() ? view->text() : selected);
}

} // namespace gorgon
