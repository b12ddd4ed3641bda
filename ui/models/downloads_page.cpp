// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/downloads_page.h"

#include "ui/models/download_card.h"
#include "ui/theme/theme.h"

#include <QLabel>
#include <QScrollArea>
#include <QSet>
#include <QVBoxLayout>

namespace gorgon {

DownloadsPage::DownloadsPage(QWidget* parent)
    : QWidget(parent)
    , m_empty(new QLabel(tr("Nothing is being downloaded. Choose a model under Discover; what is "
                            "fetched is verified, and can be paused and continued.")))
    , m_column(nullptr)
{
    m_empty->setWordWrap(true);
    setRole(m_empty, "muted");
    auto* inside = new QWidget;
    m_column = new QVBoxLayout(inside);
    m_column->setContentsMargins(Theme::kEdge, Theme::kGap, Theme::kEdge, Theme::kEdge);
    m_column->setSpacing(Theme::kGap);
    m_column->addWidget(m_empty);
    m_column->addStretch(1);
    auto* scroll = new QScrollArea;
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setFocusPolicy(Qt::NoFocus);
    scroll->setWidget(inside);
    scroll->viewport()->setAutoFillBackground(false);
    inside->setAutoFillBackground(false);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(scroll);
}

DownloadCard* DownloadsPage::makeCard()
{
    auto* card = new DownloadCard;
    connect(card, &DownloadCard::pauseRequested, this, &DownloadsPage::pauseRequested);
    connect(card, &DownloadCard::resumeRequested, this, &DownloadsPage::resumeRequested);
    connect(card, &DownloadCard::cancelRequested, this, &DownloadsPage::cancelRequested);
    connect(card, &DownloadCard::forgetRequested, this, &DownloadsPage::forgetRequested);
    connect(card, &DownloadCard::openRequested, this, &DownloadsPage::openRequested);
    connect(card, &DownloadCard::deedRequested, this, &DownloadsPage::deedRequested);
    m_column->insertWidget(m_column->count() - 1, card);
    return card;
}

void DownloadsPage::setEntries(const QVector<DownloadEntry>& entries)
{
    QSet<qint64> here;
    for (const DownloadEntry& entry : entries) {
        here.insert(entry.id);
        DownloadCard*& card = m_cards[entry.id];
        if (!card)
            card = makeCard();
        if (card->entry() != entry)
            card->setEntry(entry);
    }
    for (auto each = m_cards.begin(); each != m_cards.end();) {
        if (here.contains(each.key())) {
            ++each;
            continue;
        }
        each.value()->hide();
        each.value()->deleteLater(); // it may be what asked for it
        each = m_cards.erase(each);
    }
    m_empty->setVisible(entries.isEmpty());
}

} // namespace gorgon
