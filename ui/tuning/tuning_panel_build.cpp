// SPDX-License-Identifier: GPL-3.0-or-later
// The controls of the Tune tab and where they stand.
#include <QCheckBox>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QRandomGenerator>
#include <QRegularExpressionValidator>
#include <QScrollArea>
#include <QVBoxLayout>

#include "ui/theme/theme.h"
#include "ui/tuning/segmented_buttons.h"
#include "ui/tuning/tree_picker.h"
#include "ui/tuning/tuning_panel.h"
#include "ui/tuning/value_row.h"

namespace gorgon {

TuningPanel::TuningPanel(QWidget* parent)
    : QWidget(parent)
{
    setAccessibleName(tr("Tune"));
    setRole(this, "panel");
    setAttribute(Qt::WA_StyledBackground);
    auto* area = new QScrollArea(this);
    area->setWidgetResizable(true);
    area->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    area->setFocusPolicy(Qt::NoFocus);
    auto* page = new QWidget(area);
    setRole(page, "panel");
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(Theme::kEdge, Theme::kGap, Theme::kEdge, Theme::kEdge);
    column->setSpacing(Theme::kGap);
    buildAcceptance(column);
    addRule(column);
    buildTree(column);
    addRule(column);
    buildSampling(column);
    column->addStretch(1);
    m_reset = new QPushButton(tr("Back to defaults"), page);
    m_reset->setAccessibleName(m_reset->text());
    m_reset->setToolTip(
        tr("Puts every value on this page back to what it was before you changed it"));
    connect(m_reset, &QPushButton::clicked, this, &TuningPanel::reset);
    column->addWidget(m_reset, 0, Qt::AlignLeft);
    area->setWidget(page);
    auto* all = new QVBoxLayout(this);
    all->setContentsMargins(0, 0, 0, 0);
    all->addWidget(area);
    showSettings();
}

void TuningPanel::addRule(QVBoxLayout* column)
{
    auto* rule = new QFrame(this);
    setRole(rule, "rule");
    column->addWidget(rule);
}

ValueRow* TuningPanel::addRow(QVBoxLayout* column, ValueRow* row, std::function<void(double)> store)
{
    column->addWidget(row);
    connect(row, &ValueRow::edited, this, [this, store = std::move(store)](double value) {
        store(value);
        edited();
    });
    return row;
}

void TuningPanel::buildAcceptance(QVBoxLayout* column)
{
    auto* title = new QLabel(tr("Which guesses are kept"), this);
    setRole(title, "strong");
    m_acceptance = new SegmentedButtons(tr("Acceptance"),
        {{tr("Greedy"), tr("A guess is kept where it is the model's most likely token.")},
            {tr("Typical"), tr("A guess is kept where the model gives it more than a threshold.")},
            {tr("Exact"),
                tr("A guess is kept where it is the token that the model itself draws.")}},
        this);
    m_acceptance_words = new QLabel(this);
    m_acceptance_words->setWordWrap(true);
    setRole(m_acceptance_words, "muted");
    m_badge = new QLabel(this);
    m_badge->setAccessibleName(tr("What it means for the text"));
    m_costs = new QLabel(this);
    m_costs->setWordWrap(true);
    m_costs->setAccessibleName(tr("Speed"));
    m_costs->hide();
    connect(m_acceptance, &SegmentedButtons::chosen, this, [this](int index) {
        m_settings.acceptance = AcceptanceMode(index);
        edited();
    });
    column->addWidget(title);
    column->addWidget(m_acceptance);
    column->addWidget(m_acceptance_words);
    column->addWidget(m_badge, 0, Qt::AlignLeft);
    column->addWidget(m_costs);

    m_threshold = addRow(column,
        new ValueRow(tr("Posterior threshold ε"),
            tr("A guess passes where the model gives it more than this, or less where the model is "
               "unsure (see α)."),
            {0, 1, 0.01, 2}, this),
        [this](double value) { m_settings.posterior_threshold = float(value); });
    m_alpha = addRow(column,
        new ValueRow(tr("Posterior alpha α"),
            tr("The threshold is the smaller of ε and α × e^(−H), where H is how unsure the model "
               "is (its entropy)."),
            {0, 1, 0.01, 2}, this),
        [this](double value) { m_settings.posterior_alpha = float(value); });
    m_alpha_lock = new QCheckBox(tr("Keep α at the square root of ε"), this);
    m_alpha_lock->setAccessibleName(m_alpha_lock->text());
    m_alpha_lock->setAccessibleDescription(tr("The value that Medusa's authors recommend for α"));
    connect(m_alpha_lock, &QCheckBox::clicked, this, &TuningPanel::edited);
    column->addWidget(m_alpha_lock);
}

void TuningPanel::buildTree(QVBoxLayout* column)
{
    auto* title = new QLabel(tr("How much is guessed"), this);
    setRole(title, "strong");
    column->addWidget(title);
    m_tree = new TreePicker(this);
    column->addWidget(m_tree);
    connect(m_tree, &TreePicker::treeChosen, this, [this](const TreeSpec& tree) {
        m_settings.tree = tree;
        edited();
    });
    connect(m_tree, &TreePicker::textEntered, this, &TuningPanel::customTreeEntered);
    connect(m_tree, &TreePicker::fastestRequested, this, &TuningPanel::fastestTreeRequested);
    m_nodes = addRow(column,
        new ValueRow(tr("Tree nodes"),
            tr("The most nodes a step may check, the root included. The most useful ones are "
               "kept."),
            {1, kMaxNodes, 1, 0}, this),
        // The whole tree means every tree's whole, not a number of nodes.
        [this](double value) {
            m_settings.max_nodes = int(value) < treeNodes() ? int(value) : kMaxNodes;
        });
    m_heads = addRow(column,
        new ValueRow(tr("Heads used"),
            tr("Each head guesses one token further ahead than the one before it."), {0, 0, 1, 0},
            this),
        [this](double value) { m_settings.n_heads = int(value); });
    m_top_k = addRow(column,
        new ValueRow(tr("Guesses per head (top-k)"),
            tr("How many of a head's most likely tokens a tree may use."), {1, kMaxTopK, 1, 0},
            this),
        [this](double value) {
            m_settings.head_top_k = int(value) < treeRanks() ? int(value) : kMaxTopK;
        });
}

void TuningPanel::buildSampling(QVBoxLayout* column)
{
    auto* title = new QLabel(tr("How the model draws"), this);
    setRole(title, "strong");
    column->addWidget(title);
    m_temperature = addRow(column,
        new ValueRow(tr("Temperature"),
            tr("0 always takes the most likely token; higher values vary more."), {0, 2, 0.05, 2},
            this),
        [this](double value) { m_settings.temperature = float(value); });
    m_top_p = addRow(column,
        new ValueRow(tr("Top-p"),
            tr("Draws only from the most likely tokens that together have this probability. 1: "
               "from all."),
            {0, 1, 0.01, 2}, this),
        [this](double value) { m_settings.top_p = float(value); });

    auto* row = new QHBoxLayout;
    row->setSpacing(Theme::kGap);
    m_seed_fixed = new QCheckBox(tr("Fixed seed"), this);
    m_seed_fixed->setAccessibleName(m_seed_fixed->text());
    m_seed_fixed->setMinimumWidth(136);
    m_seed_fixed->setToolTip(tr("The number that all draws of an answer come from"));
    m_seed = new QLineEdit(this);
    m_seed->setAccessibleName(tr("Seed"));
    m_seed->setFont(monoFont());
    m_seed->setAlignment(Qt::AlignRight);
    m_seed->setMaxLength(20);
    m_seed->setTextMargins(6, 0, 6, 0);
    m_seed->setPlaceholderText(tr("a new one for every answer"));
    m_seed->setToolTip(tr("A whole number; used where the seed is fixed"));
    m_seed->setValidator(
        new QRegularExpressionValidator(QRegularExpression(QStringLiteral("[0-9]{1,20}")), m_seed));
    row->addWidget(m_seed_fixed);
    row->addWidget(m_seed, 1);
    column->addLayout(row);
    m_seed_words = new QLabel(this);
    m_seed_words->setAccessibleName(tr("About the seed"));
    column->addWidget(m_seed_words);
    connect(m_seed_fixed, &QCheckBox::clicked, this, [this](bool fixed) {
        m_seed->setText(
            fixed ? QString::number(QRandomGenerator::global()->bounded(1000000)) : QString());
        readSeed();
        edited();
    });
    connect(m_seed, &QLineEdit::textEdited, this, [this] {
        readSeed();
        edited();
    });
}

} // namespace gorgon
