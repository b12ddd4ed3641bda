// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/download_card.h"

#include "ui/models/hub_words.h"
#include "ui/theme/theme.h"

#include <QApplication>
#include <QClipboard>
#include <QGridLayout>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

namespace gorgon {

namespace {

using State = DownloadEntry::State;
constexpr int kFewFiles = 6; // shown without asking
constexpr int kMostRows = 100; // of files; each is three widgets
constexpr int kBarWidth = 140;

QLabel* makeLabel(const char* role, bool wraps = false)
{
    auto* label = new QLabel;
    label->setTextFormat(Qt::PlainText);
    label->setWordWrap(wraps);
    if (role)
        setRole(label, role);
    return label;
}

QProgressBar* makeBar(const QString& name)
{
    auto* bar = new QProgressBar;
    bar->setRange(0, 1000);
    bar->setTextVisible(false);
    bar->setAccessibleName(name);
    return bar;
}

int thousandths(qint64 done, qint64 total)
{
    return total > 0 ? int(double(done) * 1000 / double(total)) : 0;
}

QString fileWords(const DownloadEntry::File& file)
{
    if (file.state == State::done)
        return QObject::tr("%1, verified").arg(sizeWords(file.bytes));
    if (file.state == State::checking)
        return QObject::tr("checking the hash");
    if (file.done_bytes == 0)
        return sizeWords(file.bytes);
    return QObject::tr("%1 of %2").arg(sizeWords(file.done_bytes), sizeWords(file.bytes));
}

} // namespace

DownloadCard::DownloadCard(QWidget* parent)
    : QFrame(parent)
    , m_title(makeLabel("strong"))
    , m_state(makeLabel("muted"))
    , m_bar(makeBar(tr("Progress")))
    , m_numbers(makeLabel("muted"))
    , m_slow(makeLabel("caption", true))
    , m_failure(makeLabel("warning", true))
    , m_deed(new QPushButton)
    , m_copy(new QPushButton(tr("Copy details")))
    , m_pause(new QPushButton)
    , m_cancel(new QPushButton)
    , m_more(new QToolButton)
    , m_files(new QWidget)
    , m_grid(new QGridLayout(m_files))
{
    setRole(this, "card");
    m_numbers->setFont(monoFont(12));
    for (QPushButton* button : {m_deed, m_copy, m_pause, m_cancel})
        button->setAutoDefault(false);
    setRole(m_copy, "flat");
    m_more->setCheckable(true);
    setRole(m_more, "small");
    m_grid->setContentsMargins(0, 0, 0, 0);
    m_grid->setHorizontalSpacing(Theme::kGap);
    m_grid->setVerticalSpacing(4);
    m_grid->setColumnStretch(0, 1);
    auto* head = new QHBoxLayout;
    head->setSpacing(Theme::kInner);
    head->addWidget(m_title);
    head->addWidget(m_state, 1);
    head->addWidget(m_pause);
    head->addWidget(m_cancel);
    auto* numbers = new QHBoxLayout;
    numbers->addWidget(m_numbers, 1);
    numbers->addWidget(m_more);
    auto* failure = new QHBoxLayout;
    failure->setSpacing(Theme::kInner);
    failure->addWidget(m_failure, 1);
    failure->addWidget(m_deed, 0, Qt::AlignTop);
    failure->addWidget(m_copy, 0, Qt::AlignTop);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(Theme::kEdge, Theme::kGap, Theme::kEdge, Theme::kGap);
    column->setSpacing(Theme::kInner);
    column->addLayout(head);
    column->addWidget(m_bar);
    column->addLayout(numbers);
    column->addWidget(m_slow);
    column->addLayout(failure);
    column->addWidget(m_files);
    connect(m_more, &QToolButton::clicked, this, [this](bool shown) {
        m_unfolded_by_hand = true;
        m_files->setVisible(shown);
    });
    connect(m_deed, &QPushButton::clicked, this,
        [this] { emit deedRequested(m_entry.id, m_entry.failure.deed, m_entry.failure.page); });
    connect(m_copy, &QPushButton::clicked, this,
        [this] { QApplication::clipboard()->setText(m_entry.failure.details); });
    connect(m_pause, &QPushButton::clicked, this, [this] {
        if (m_entry.state == State::done)
            emit openRequested(m_entry.repository, m_entry.folder);
        else if (m_entry.isRunning())
            emit pauseRequested(m_entry.id);
        else
            emit resumeRequested(m_entry.id);
    });
    connect(m_cancel, &QPushButton::clicked, this, [this] {
        if (m_entry.state == State::done || m_entry.state == State::cancelled)
            emit forgetRequested(m_entry.id);
        else
            emit cancelRequested(m_entry.id);
    });
}

void DownloadCard::setEntry(const DownloadEntry& entry)
{
    const bool same_files = entry.files.size() == m_entry.files.size();
    m_entry = entry;
    showWords();
    showButtons();
    if (!same_files)
        m_files->setVisible(
            m_unfolded_by_hand ? m_more->isChecked() : entry.files.size() <= kFewFiles);
    showFiles();
}

void DownloadCard::showWords()
{
    m_title->setText(m_entry.repository);
    m_state->setText(m_entry.revision.isEmpty() || m_entry.revision == QLatin1String("main")
            ? stateWords(m_entry.state)
            : tr("%1 · %2").arg(m_entry.revision, stateWords(m_entry.state)));
    m_bar->setValue(thousandths(m_entry.done_bytes, m_entry.total_bytes));
    m_bar->setVisible(m_entry.total_bytes > 0 && m_entry.state != State::cancelled);
    m_numbers->setText(progressWords(m_entry));
    m_numbers->setVisible(m_entry.total_bytes > 0);
    QString slow = m_entry.slow;
    if (m_entry.n_retries > 0 && m_entry.isRunning())
        slow += (slow.isEmpty() ? QString() : QStringLiteral(" "))
            + (m_entry.n_retries == 1 ? tr("Tried again once.")
                                      : tr("Tried again %1 times.").arg(m_entry.n_retries));
    if (m_entry.state == State::unfinished)
        slow = tr("Left by an earlier run. What was fetched is kept; nothing is sent until you "
                  "continue.");
    m_slow->setText(slow);
    m_slow->setVisible(!slow.isEmpty());
    const HubFailure& failure = m_entry.failure;
    m_failure->setText(failure.sentence);
    m_failure->setVisible(!failure.sentence.isEmpty());
    m_deed->setText(deedWords(failure.deed));
    m_deed->setVisible(!failure.sentence.isEmpty() && failure.deed != HubDeed::none
        && failure.deed != HubDeed::retry); // the button at the top tries again
    m_copy->setVisible(!failure.sentence.isEmpty() && !failure.details.isEmpty());
}

void DownloadCard::showButtons()
{
    const bool over = m_entry.state == State::done || m_entry.state == State::cancelled;
    m_pause->setText(m_entry.state == State::done ? tr("Open")
            : m_entry.isRunning()                 ? tr("Pause")
            : m_entry.state == State::failed      ? tr("Try again")
            : m_entry.state == State::unfinished  ? tr("Continue")
                                                  : tr("Resume"));
    m_pause->setVisible(m_entry.state != State::cancelled);
    m_cancel->setText(over ? tr("Clear") : tr("Cancel"));
    m_cancel->setToolTip(over ? tr("Takes it from this list; its files stay")
                              : tr("Removes what is unfinished; whole files stay"));
    m_pause->setAccessibleName(tr("%1 %2").arg(m_pause->text(), m_entry.repository));
    m_cancel->setAccessibleName(tr("%1 %2").arg(m_cancel->text(), m_entry.repository));
}

void DownloadCard::showFiles()
{
    const int n = int(m_entry.files.size());
    m_more->setVisible(n > 0);
    m_more->setText(n == 1  ? tr("1 file")
            : n > kMostRows ? tr("%1 files, %2 of them shown").arg(n).arg(kMostRows)
                            : tr("%1 files").arg(n));
    m_more->setChecked(!m_files->isHidden());
    const int n_rows = std::min(n, kMostRows);
    while (m_rows.size() > n_rows) {
        const FileRow row = m_rows.takeLast();
        delete row.name;
        delete row.bar;
        delete row.words;
    }
    while (m_rows.size() < n_rows) {
        const FileRow row{makeLabel("caption"), makeBar({}), makeLabel("caption")};
        row.bar->setFixedWidth(kBarWidth);
        row.words->setFont(monoFont(Theme::kCaption));
        row.words->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
        const int place = int(m_rows.size());
        m_grid->addWidget(row.name, place, 0);
        m_grid->addWidget(row.bar, place, 1);
        m_grid->addWidget(row.words, place, 2);
        m_rows.append(row);
    }
    // Of very many those that are not done yet, in their order, then the others.
    QVector<int> shown;
    for (const bool done : {false, true})
        for (int i = 0; i < n && shown.size() < n_rows; ++i)
            if (n <= kMostRows ? !done : (m_entry.files[i].state == State::done) == done)
                shown.append(i);
    for (int i = 0; i < n_rows; ++i) {
        const DownloadEntry::File& file = m_entry.files[shown[i]];
        m_rows[i].name->setText(file.path);
        m_rows[i].bar->setAccessibleName(file.path);
        m_rows[i].bar->setValue(thousandths(file.done_bytes, file.bytes));
        m_rows[i].words->setText(fileWords(file));
    }
}

} // namespace gorgon
