// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/installed_page.h"

#include "ui/models/hub_words.h"
#include "ui/models/installed_table.h"
#include "ui/theme/theme.h"

#include <QAbstractItemView>
#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QMessageBox>
#include <QPushButton>
#include <QTreeView>
#include <QVBoxLayout>

namespace gorgon {

QString removalWords(const InstalledEntry& entry)
{
    const qint64 held = entry.listed_bytes + entry.partial_bytes;
    const qint64 freed = entry.freed_bytes;
    if (held > freed)
        return QObject::tr("Its files come to %1; the disk gains %2, since revisions share files.")
            .arg(sizeWords(held), sizeWords(freed));
    return QObject::tr("Its files come to %1; the disk gains all of it.").arg(sizeWords(freed));
}

InstalledPage::InstalledPage(QWidget* parent)
    : QWidget(parent)
    , m_table(new InstalledTable(this))
    , m_view(new QTreeView)
    , m_words(new QLabel)
    , m_empty(
          new QLabel(tr("No models are in the cache of the hub yet. Find one under Discover, or "
                        "open a folder with a model.")))
    , m_discover(new QPushButton(tr("Discover models")))
    , m_filler(new QWidget)
{
    m_view->setModel(m_table);
    m_view->setRootIsDecorated(false);
    m_view->setItemsExpandable(false);
    m_view->setUniformRowHeights(true);
    m_view->setAllColumnsShowFocus(true);
    m_view->setAccessibleName(tr("Installed models and heads"));
    m_view->header()->setStretchLastSection(false);
    m_view->header()->setSectionResizeMode(InstalledTable::name_column, QHeaderView::Stretch);
    for (const int column : {InstalledTable::kind_column, InstalledTable::size_column,
             InstalledTable::used_column, InstalledTable::check_column})
        m_view->header()->setSectionResizeMode(column, QHeaderView::ResizeToContents);
    m_words->setWordWrap(true);
    m_words->setTextFormat(Qt::PlainText);
    setRole(m_words, "muted");
    m_empty->setWordWrap(true);
    setRole(m_empty, "muted");
    setRole(m_discover, "primary");
    m_discover->setAutoDefault(false);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(Theme::kEdge, Theme::kGap, Theme::kEdge, Theme::kEdge);
    column->setSpacing(Theme::kGap);
    column->addWidget(m_empty);
    column->addWidget(m_discover, 0, Qt::AlignLeft);
    column->addWidget(m_view, 1);
    column->addWidget(m_filler, 1);
    column->addWidget(m_words);
    column->addWidget(makeChoices());
    connect(m_view->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
        &InstalledPage::showCurrent);
    connect(m_view, &QTreeView::activated, this, [this] { m_open->click(); });
    connect(m_discover, &QPushButton::clicked, this, &InstalledPage::discoverRequested);
    setFocusProxy(m_view);
    setEntries({});
    showCurrent();
}

QWidget* InstalledPage::makeChoices()
{
    m_heads = new QComboBox;
    m_heads->setAccessibleName(tr("Heads"));
    m_heads->view()->setAccessibleName(tr("Heads that fit"));
    m_weights = new QComboBox;
    m_weights->setAccessibleName(tr("Format of the weights in memory"));
    m_weights->view()->setAccessibleName(tr("Formats"));
    m_open = new QPushButton(tr("Open"));
    setRole(m_open, "primary");
    m_verify = new QPushButton(tr("Verify"));
    m_verify->setToolTip(tr("Reads every file and compares its hash"));
    m_reveal = new QPushButton(tr("Show folder"));
    m_remove = new QPushButton(tr("Remove…"));
    auto* other = new QPushButton(tr("Open a folder…"));
    other->setToolTip(tr("A model that is not in the cache of the hub (Ctrl+O)"));
    for (QPushButton* button : {m_open, m_verify, m_reveal, m_remove, other})
        button->setAutoDefault(false);
    auto* choices = new QWidget;
    m_opening = new QWidget;
    auto* opening = new QHBoxLayout(m_opening);
    opening->setContentsMargins(0, 0, 0, 0);
    opening->setSpacing(Theme::kInner);
    opening->addWidget(new QLabel(tr("Heads")));
    opening->addWidget(m_heads, 2);
    opening->addWidget(new QLabel(tr("Weights")));
    opening->addWidget(m_weights, 1);
    opening->addWidget(m_open);
    auto* deeds = new QHBoxLayout;
    deeds->setSpacing(Theme::kInner);
    deeds->addWidget(m_verify);
    deeds->addWidget(m_reveal);
    deeds->addWidget(m_remove);
    deeds->addStretch(1);
    deeds->addWidget(other);
    auto* column = new QVBoxLayout(choices);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(Theme::kInner);
    column->addWidget(m_opening);
    column->addLayout(deeds);
    connect(m_open, &QPushButton::clicked, this, &InstalledPage::openCurrent);
    connect(m_verify, &QPushButton::clicked, this, [this] {
        if (!m_verifying.isEmpty())
            emit stopVerifyRequested();
        else if (const InstalledEntry* entry = current())
            emit verifyRequested(entry->repository);
    });
    connect(m_reveal, &QPushButton::clicked, this, [this] {
        if (const InstalledEntry* entry = current())
            emit revealRequested(entry->folder);
    });
    connect(m_remove, &QPushButton::clicked, this, &InstalledPage::askRemoval);
    connect(other, &QPushButton::clicked, this, &InstalledPage::folderRequested);
    setWeights({});
    return choices;
}

void InstalledPage::openCurrent()
{
    const InstalledEntry* entry = current();
    ModelChoice choice = m_in_use;
    if (entry && entry->is_model)
        emit openRequested({entry->folder, m_heads->currentData().toString(),
            m_weights->currentData().toString()});
    else if (entry && entry->is_heads && !m_in_use.model.isEmpty()) {
        choice.heads = entry->folder;
        emit openRequested(choice);
    }
}

void InstalledPage::setInUse(const ModelChoice& choice)
{
    if (choice == m_in_use)
        return;
    m_in_use = choice;
    showCurrent();
}

void InstalledPage::setWeights(const QStringList& formats)
{
    const QString chosen = m_weights->currentData().toString();
    m_weights->clear();
    m_weights->addItem(tr("as stored"), QString());
    for (const QString& format : formats)
        m_weights->addItem(format, format);
    m_weights->setCurrentIndex(std::max(0, m_weights->findData(chosen)));
}

const InstalledEntry* InstalledPage::current() const
{
    const QModelIndex index = m_view->currentIndex();
    return index.isValid() ? &m_table->at(index.row()) : nullptr;
}

void InstalledPage::setEntries(const QVector<InstalledEntry>& entries)
{
    const QString kept = m_kept;
    m_table->setEntries(entries);
    const bool none = entries.isEmpty();
    m_empty->setVisible(none);
    m_discover->setVisible(none);
    m_view->setVisible(!none);
    m_filler->setVisible(none);
    for (QWidget* of_one : std::initializer_list<QWidget*>{m_opening, m_verify, m_reveal, m_remove})
        of_one->setVisible(!none);
    if (!none) {
        const int row = std::max(0, m_table->rowOf(kept));
        m_view->setCurrentIndex(m_table->index(row, 0));
    }
    showCurrent();
}

void InstalledPage::showCurrent()
{
    const InstalledEntry* entry = current();
    const bool is_model = entry && entry->is_model;
    const bool is_heads = entry && entry->is_heads && !is_model;
    const bool linked = entry && entry->is_linked;
    m_kept = entry ? entry->repository : QString();
    const QString chosen = m_heads->currentData().toString();
    m_heads->clear();
    m_heads->addItem(tr("those found with the model"), QString());
    m_heads->addItem(tr("none"), QStringLiteral("none"));
    if (entry) {
        for (const HeadsOffer& heads : entry->heads)
            m_heads->addItem(shortName(heads.name), heads.path);
    }
    if (entry && !entry->is_heads && entry->heads.size() > 0)
        m_heads->setCurrentIndex(2);
    if (const int same = m_heads->findData(chosen); !chosen.isEmpty() && same >= 0)
        m_heads->setCurrentIndex(same);
    setRole(m_words, entry && !entry->problem.isEmpty() ? "warning" : "muted");
    m_words->setText(!entry             ? QString()
            : !entry->problem.isEmpty() ? entry->problem
            : is_heads && m_in_use.model.isEmpty()
            ? tr("%1. Heads are used with a model: open the one that they belong to first.")
                  .arg(entry->words)
            : is_heads
            ? tr("%1. The model that is loaded stays in memory when it takes these heads.")
                  .arg(entry->words)
            : linked
            ? tr("%1. In %2, which is opened where it lies.").arg(entry->words, entry->folder)
            : entry->words);
    m_open->setText(is_heads ? tr("Use with loaded model") : tr("Open"));
    m_heads->setEnabled(is_model);
    m_weights->setEnabled(is_model);
    m_open->setEnabled(is_model || (is_heads && !m_in_use.model.isEmpty()));
    m_verify->setEnabled((entry && !linked) || !m_verifying.isEmpty());
    m_remove->setText(linked ? tr("Forget") : tr("Remove…"));
    m_remove->setToolTip(
        linked ? tr("Takes it from this list; the folder stays as it is") : QString());
    m_reveal->setEnabled(entry && !entry->folder.isEmpty());
    m_remove->setEnabled(entry);
}

void InstalledPage::askRemoval()
{
    const InstalledEntry* entry = current();
    if (!entry)
        return;
    if (entry->is_linked) {
        emit forgetRequested(entry->folder);
        return;
    }
    auto* question = new QMessageBox(QMessageBox::Question, tr("Remove %1?").arg(entry->repository),
        tr("Remove %1?").arg(entry->repository), QMessageBox::Cancel, this);
    question->setAttribute(Qt::WA_DeleteOnClose);
    question->setInformativeText(removalWords(*entry) + QLatin1Char('\n')
        + tr("Other programs that use this cache lose it, too."));
    QPushButton* remove = question->addButton(tr("Remove"), QMessageBox::DestructiveRole);
    question->setDefaultButton(QMessageBox::Cancel);
    connect(remove, &QPushButton::clicked, this,
        [this, repository = entry->repository] { emit removeRequested(repository); });
    question->open();
}

void InstalledPage::showFailure(const HubFailure& failure)
{
    setRole(m_words, "warning");
    m_words->setText(failure.sentence);
}

void InstalledPage::showCheck(const QString& repository, const QString& words, bool is_bad)
{
    const bool running = words.endsWith(QLatin1Char('%'));
    m_verifying = running ? repository : QString();
    m_verify->setText(running ? tr("Stop verifying") : tr("Verify"));
    m_table->setCheck(repository, running || !is_bad ? words : tr("Damaged"), is_bad);
    if (is_bad && m_kept == repository) {
        setRole(m_words, "warning");
        m_words->setText(words);
    }
}

} // namespace gorgon
