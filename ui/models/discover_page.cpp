// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/discover_page.h"

#include "ui/models/discover_model.h"
#include "ui/models/hub_words.h"
#include "ui/models/pair_delegate.h"
#include "ui/models/pair_panel.h"
#include "ui/theme/theme.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QPushButton>
#include <QScrollArea>
#include <QSplitter>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <utility>

namespace gorgon {

namespace {

constexpr int kListWidth = 420;
constexpr int kPanelWidth = 420;

} // namespace

DiscoverPage::DiscoverPage(QWidget* parent)
    : QWidget(parent)
    , m_line(new QLineEdit)
    , m_search(new QPushButton(tr("Search")))
    , m_words(new QLabel)
    , m_deed(new QPushButton(tr("Try again")))
    , m_model(new DiscoverModel(this))
    , m_list(new QListView)
    , m_more(new QPushButton(tr("More")))
    , m_panel(new PairPanel)
{
    m_line->setPlaceholderText(tr("Search the hub, or paste an address such as ORG/NAME"));
    m_line->setAccessibleName(tr("Search the hub or paste an address"));
    m_line->setClearButtonEnabled(true);
    m_line->setTextMargins(8, 2, 4, 2);
    if (auto* clear = m_line->findChild<QToolButton*>())
        clear->setAccessibleName(tr("Clear"));
    m_words->setWordWrap(true);
    m_words->setTextFormat(Qt::PlainText);
    m_list->setModel(m_model);
    m_list->setItemDelegate(new PairDelegate(m_list));
    m_list->setUniformItemSizes(true);
    m_list->setMouseTracking(true);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_list->setAccessibleName(tr("Models and heads"));
    for (QPushButton* button : {m_search, m_deed, m_more})
        button->setAutoDefault(false);
    m_more->hide();

    auto* top = new QHBoxLayout;
    top->setSpacing(Theme::kInner);
    top->addWidget(m_line, 1);
    top->addWidget(m_search);
    auto* told = new QHBoxLayout;
    told->setSpacing(Theme::kGap);
    told->addWidget(m_words, 1);
    told->addWidget(m_deed, 0, Qt::AlignTop);
    auto* left = new QWidget;
    auto* left_column = new QVBoxLayout(left);
    left_column->setContentsMargins(0, 0, Theme::kGap, 0);
    left_column->setSpacing(Theme::kInner);
    left_column->addWidget(m_list, 1);
    left_column->addWidget(m_more, 0, Qt::AlignLeft);
    auto* scroll = new QScrollArea;
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidget(m_panel);
    scroll->viewport()->setAutoFillBackground(false);
    scroll->setFocusPolicy(Qt::NoFocus);
    m_panel->setAutoFillBackground(false);
    auto* splitter = new QSplitter;
    splitter->setHandleWidth(1);
    splitter->setChildrenCollapsible(false);
    splitter->addWidget(left);
    splitter->addWidget(scroll);
    splitter->setSizes({kListWidth, kPanelWidth});
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(Theme::kEdge, Theme::kGap, Theme::kEdge, Theme::kEdge);
    column->setSpacing(Theme::kGap);
    column->addLayout(top);
    column->addLayout(told);
    column->addWidget(splitter, 1);

    connect(m_line, &QLineEdit::returnPressed, this, &DiscoverPage::search);
    connect(m_search, &QPushButton::clicked, this, &DiscoverPage::search);
    connect(m_line, &QLineEdit::textChanged, this, [this](const QString& text) {
        if (text.isEmpty())
            showCatalog();
    });
    connect(m_more, &QPushButton::clicked, this, [this] {
        setAsking(tr("Asking the hub for more…"));
        m_asked_more = true;
        emit moreRequested();
    });
    connect(m_deed, &QPushButton::clicked, this, &DiscoverPage::doDeed);
    connect(m_list->selectionModel(), &QItemSelectionModel::currentChanged, this,
        [this](const QModelIndex& index) {
            m_panel->setEntry(index.isValid() ? m_model->at(index.row()) : PairEntry());
        });
    connect(m_list, &QListView::activated, this,
        [this](const QModelIndex& index) { check(m_model->at(index.row())); });
    connect(m_panel, &PairPanel::checkRequested, this, &DiscoverPage::check);
    connect(m_panel, &PairPanel::stopRequested, this, &DiscoverPage::stopRequested);
    connect(m_panel, &PairPanel::getRequested, this, &DiscoverPage::getRequested);
    connect(m_panel, &PairPanel::pageRequested, this, &DiscoverPage::pageRequested);
    connect(m_panel, &PairPanel::tokenEntered, this,
        [this](const QString& token) { emit tokenEntered(token, m_panel->entry()); });
    setFocusProxy(m_line);
    showCatalog();
}

void DiscoverPage::focusSearch()
{
    m_line->setFocus(Qt::ShortcutFocusReason);
    m_line->selectAll();
}

void DiscoverPage::searchFor(const QString& text)
{
    m_line->setText(text);
    search();
}

void DiscoverPage::check(const PairEntry& entry)
{
    if (entry.knowledge != PairEntry::Knowledge::asking)
        emit checkRequested(entry);
}

void DiscoverPage::search()
{
    const QString text = m_line->text().trimmed();
    if (text.isEmpty()) {
        showCatalog();
        return;
    }
    setAsking(tr("Asking the hub…"));
    m_asked_more = false;
    emit searchRequested(text);
}

void DiscoverPage::setAsking(const QString& words)
{
    ++m_asked;
    m_unwanted = false;
    m_more->setEnabled(false);
    setWords(words);
    m_deed->setText(tr("Stop"));
    m_deed->setVisible(true);
}

/// Whether this answers the last question; one that was replaced by another ends, too.
bool DiscoverPage::takeAnswer()
{
    m_asked = std::max(0, m_asked - 1);
    return m_asked == 0 && !m_unwanted;
}

void DiscoverPage::doDeed()
{
    if (m_asked > 0)
        emit stopRequested();
    else if (m_failure.deed != HubDeed::retry)
        emit deedRequested(m_failure.deed, m_failure.page);
    else if (m_asked_more)
        m_more->click();
    else
        search();
}

void DiscoverPage::setCatalog(const QVector<PairEntry>& entries, const QString& computer)
{
    const QVector<PairEntry> before = std::exchange(m_catalog, entries);
    for (PairEntry& entry : m_catalog) {
        const auto known = std::find_if(before.begin(), before.end(), [&](const PairEntry& each) {
            return each.key() == entry.key() && each.knowledge != PairEntry::Knowledge::listed;
        });
        if (known == before.end())
            continue;
        const bool is_recommended = entry.is_recommended;
        entry = *known; // the hub told more than can be estimated
        entry.is_recommended = is_recommended;
    }
    m_computer = computer;
    if (!m_shows_catalog)
        return;
    const QString chosen = m_panel->entry().names().isEmpty() ? QString() : m_panel->entry().key();
    fillCatalog(chosen);
    if (m_tells_catalog) // not a question that waits, nor its failure
        tellCatalog();
}

/// chosen: the one that stays so; empty: the one that is recommended.
void DiscoverPage::fillCatalog(const QString& chosen)
{
    m_model->setEntries(m_catalog);
    m_panel->setEntry({});
    int row = chosen.isEmpty() ? -1 : m_model->rowOf(chosen);
    const auto best = std::find_if(m_catalog.begin(), m_catalog.end(),
        [](const PairEntry& entry) { return entry.is_recommended; });
    if (row < 0 && best != m_catalog.end())
        row = int(best - m_catalog.begin());
    if (row >= 0)
        m_list->setCurrentIndex(m_model->index(row));
}

void DiscoverPage::tellCatalog()
{
    setWords(m_catalog.isEmpty()
            ? tr("Search for a model, or paste its address. Nothing is sent before you do.")
            : m_computer.isEmpty()
            ? tr("Models and heads that are known to work. Nothing is sent before you search, "
                 "check or get something.")
            : tr("Models and heads that are known to work, what suits this computer (%1) first. "
                 "Nothing is sent before you search, check or get something.")
                  .arg(m_computer));
    m_tells_catalog = true;
}

void DiscoverPage::showCatalog()
{
    if (m_asked > 0)
        emit stopRequested();
    m_unwanted = m_asked > 0;
    m_shows_catalog = true;
    m_more->hide();
    fillCatalog({});
    tellCatalog();
}

void DiscoverPage::showFound(const QVector<PairEntry>& entries, bool is_more, bool has_next)
{
    if (!takeAnswer())
        return;
    m_shows_catalog = false;
    if (is_more)
        m_model->addEntries(entries);
    else
        m_model->setEntries(entries);
    m_more->setVisible(has_next);
    m_more->setEnabled(true);
    const int n = m_model->rowCount();
    setWords(n == 0  ? tr("The hub has nothing by these words. Try fewer, or paste an address.")
            : n == 1 ? tr("1 found. Clear the line to see the catalogue again.")
                     : tr("%1 found. Clear the line to see the catalogue again.").arg(n));
    if (!is_more && n > 0)
        m_list->setCurrentIndex(m_model->index(0));
    else if (n == 0)
        m_panel->setEntry({});
}

void DiscoverPage::showSearchFailure(const HubFailure& failure)
{
    HubFailure shown = failure;
    if (shown.deed == HubDeed::none) // a question can always be asked again
        shown.deed = HubDeed::retry;
    if (takeAnswer())
        showFailure(shown);
}

void DiscoverPage::showFailure(const HubFailure& failure)
{
    m_failure = failure;
    m_more->setEnabled(true);
    setWords(failure.sentence, true, m_failure.deed);
}

void DiscoverPage::setWords(const QString& words, bool failed, HubDeed deed)
{
    m_tells_catalog = false;
    setRole(m_words, failed ? "warning" : "muted");
    m_words->setText(words);
    if (deed != HubDeed::none)
        m_deed->setText(deedWords(deed));
    m_deed->setVisible(deed != HubDeed::none);
}

void DiscoverPage::updateEntry(const QString& key, const PairEntry& entry)
{
    for (PairEntry& known : m_catalog) {
        if (known.key() == key)
            known = entry;
    }
    m_model->update(key, entry);
    if (m_panel->entry().key() == key)
        m_panel->setEntry(entry);
}

} // namespace gorgon
