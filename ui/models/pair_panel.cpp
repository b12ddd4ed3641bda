// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/pair_panel.h"

#include "ui/models/fit_panel.h"
#include "ui/theme/theme.h"

#include <QCheckBox>
#include <QGridLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QVBoxLayout>

#include <utility>

namespace gorgon {

namespace {

constexpr int kNameWidth = 92;

QLabel* makeLabel(const char* role)
{
    auto* label = new QLabel;
    label->setWordWrap(true);
    label->setTextFormat(Qt::PlainText);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    label->setFocusPolicy(Qt::NoFocus);
    if (role)
        setRole(label, role);
    return label;
}

const char* roleOf(Badge::Tone tone)
{
    return tone == Badge::Tone::warning ? "warning" : nullptr;
}

} // namespace

PairPanel::PairPanel(QWidget* parent)
    : QWidget(parent)
    , m_title(makeLabel("title"))
    , m_names(makeLabel("caption"))
    , m_note(makeLabel("muted"))
    , m_problem(makeLabel("warning"))
    , m_facts(new QGridLayout)
    , m_fit(new FitPanel)
    , m_open_when_here(new QCheckBox(tr("Open it when it is here")))
    , m_gate(makeGate())
    , m_check(new QPushButton(tr("Check with the hub")))
    , m_get(new QPushButton)
{
    setRole(m_get, "primary");
    m_check->setAutoDefault(false);
    m_get->setAutoDefault(false);
    m_check->setToolTip(
        tr("<qt>Asks the hub for its files and judges whether the pair fits together and fits "
           "this computer. Some kilobytes.</qt>"));
    m_facts->setHorizontalSpacing(Theme::kGap);
    m_facts->setVerticalSpacing(6);
    m_facts->setColumnMinimumWidth(0, kNameWidth);
    m_facts->setColumnStretch(1, 1);
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(Theme::kInner);
    buttons->addWidget(m_get);
    buttons->addWidget(m_check);
    buttons->addStretch(1);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(Theme::kEdge, Theme::kGap, Theme::kEdge, Theme::kEdge);
    column->setSpacing(Theme::kGap);
    column->addWidget(m_title);
    column->addWidget(m_names);
    column->addWidget(m_note);
    column->addLayout(buttons);
    column->addWidget(m_open_when_here);
    column->addWidget(m_problem);
    column->addWidget(m_gate);
    column->addWidget(m_fit);
    column->addLayout(m_facts);
    column->addStretch(1);
    connect(m_get, &QPushButton::clicked, this, &PairPanel::get);
    connect(m_check, &QPushButton::clicked, this, [this] {
        if (m_entry.knowledge == PairEntry::Knowledge::asking)
            emit stopRequested();
        else
            emit checkRequested(m_entry);
    });
    setEntry({});
}

void PairPanel::setOpenWhenHere(bool open)
{
    m_open_when_here->setChecked(open);
}

void PairPanel::get()
{
    PairEntry wanted = m_entry;
    wanted.open_when_here = !wanted.base.isEmpty() && m_open_when_here->isChecked();
    if (!m_entry.fits.isEmpty()) {
        wanted.weights = m_fit->weights();
        wanted.context = m_fit->context();
    }
    emit getRequested(wanted);
}

QWidget* PairPanel::makeGate()
{
    auto* gate = new QFrame;
    setRole(gate, "card");
    QLabel* words = makeLabel(nullptr);
    words->setText(
        tr("Its owners ask for a licence to be accepted on the model's page, by an account of the "
           "hub. Accept it there, make a token that may read under Settings, Access Tokens, and "
           "paste it here."));
    m_page = new QPushButton(tr("Open the licence page"));
    m_token = new QLineEdit;
    m_token->setAccessibleName(tr("Token of the hub"));
    m_token->setPlaceholderText(tr("Token, hf_…"));
    m_token->setEchoMode(QLineEdit::Password);
    m_token->setTextMargins(8, 2, 4, 2);
    m_retry = new QPushButton(tr("Keep token and retry"));
    m_page->setAutoDefault(false);
    m_retry->setAutoDefault(false);
    auto* row = new QHBoxLayout;
    row->setSpacing(Theme::kInner);
    row->addWidget(m_token, 1);
    row->addWidget(m_retry);
    auto* column = new QVBoxLayout(gate);
    column->setContentsMargins(Theme::kGap, Theme::kGap, Theme::kGap, Theme::kGap);
    column->setSpacing(Theme::kInner);
    column->addWidget(words);
    column->addWidget(m_page, 0, Qt::AlignLeft);
    column->addLayout(row);
    const auto enter = [this] { emit tokenEntered(m_token->text().trimmed()), m_token->clear(); };
    connect(
        m_page, &QPushButton::clicked, this, [this] { emit pageRequested(m_entry.licence_page); });
    connect(m_token, &QLineEdit::returnPressed, this, enter);
    connect(m_retry, &QPushButton::clicked, this, enter);
    return gate;
}

void PairPanel::setEntry(const PairEntry& entry)
{
    m_entry = entry;
    const bool chosen = !entry.names().isEmpty();
    const bool asking = entry.knowledge == PairEntry::Knowledge::asking;
    m_title->setText(chosen ? entry.title : tr("Nothing is chosen"));
    m_names->setText(entry.names());
    m_note->setText(!chosen ? tr("Choose a pair at the left to see what it needs.")
            : asking        ? tr("Asking the hub…")
                            : entry.note);
    m_note->setVisible(!m_note->text().isEmpty());
    m_problem->setText(entry.problem);
    m_problem->setVisible(!entry.problem.isEmpty());
    m_gate->setVisible(entry.needs_token || !entry.licence_page.isEmpty());
    m_page->setVisible(!entry.licence_page.isEmpty());
    m_check->setVisible(chosen);
    m_check->setText(asking                                   ? tr("Stop")
            : entry.knowledge == PairEntry::Knowledge::known  ? tr("Check again")
            : entry.knowledge == PairEntry::Knowledge::failed ? tr("Try again")
                                                              : tr("Check with the hub"));
    m_fit->setFits(entry.fits, entry.context);
    m_fit->setVisible(!entry.fits.isEmpty());
    m_open_when_here->setVisible(chosen && !entry.base.isEmpty() && !entry.needs_token);
    m_get->setVisible(chosen);
    m_get->setEnabled(chosen && entry.may_get && !asking && !entry.needs_token);
    const bool pair = !entry.base.isEmpty() && !entry.heads.isEmpty() && entry.base != entry.heads;
    m_get->setText(pair            ? tr("Get base + heads")
            : entry.base.isEmpty() ? tr("Get heads")
                                   : tr("Get model"));
    showFacts();
}

void PairPanel::showFacts()
{
    while (QLayoutItem* item = m_facts->takeAt(0)) {
        delete item->widget();
        delete item;
    }
    int row = 0;
    for (const Badge& badge : std::as_const(m_entry.badges)) {
        if (badge.name == tr("Memory") && !m_entry.fits.isEmpty())
            continue; // the sum is shown
        QLabel* name = makeLabel("muted");
        name->setText(badge.name);
        QLabel* value = makeLabel(roleOf(badge.tone));
        value->setText(badge.tip.isEmpty() ? badge.text : badge.tip);
        value->setAccessibleName(badge.name);
        m_facts->addWidget(name, row, 0, Qt::AlignTop);
        m_facts->addWidget(value, row++, 1);
    }
}

} // namespace gorgon
