// SPDX-License-Identifier: GPL-3.0-or-later
// The parts of the Tree tab and where they stand.
#include <QAbstractItemView>
#include <QComboBox>
#include <QEvent>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QStackedWidget>
#include <QTimer>
#include <QToolButton>
#include <QTreeView>
#include <QVBoxLayout>

#include "ui/theme/theme.h"
#include "ui/tree/candidate_tree_view.h"
#include "ui/tree/node_table_model.h"
#include "ui/tree/step_strip.h"
#include "ui/tree/step_words.h"
#include "ui/tree/tree_legend.h"
#include "ui/tree/tree_panel.h"

namespace gorgon {

namespace {

constexpr int kPaces[] = {0, 20, 5, 1}; // steps a second

} // namespace

QString paceWords(int steps_per_second)
{
    return steps_per_second <= 0 ? QObject::tr("Full speed")
        : steps_per_second == 1  ? QObject::tr("1 step a second")
                                 : QObject::tr("%1 steps a second").arg(steps_per_second);
}

TreePanel::TreePanel(QWidget* parent)
    : QWidget(parent)
{
    setAccessibleName(tr("Tree"));
    setRole(this, "panel");
    setAttribute(Qt::WA_StyledBackground);
    m_timer = new QTimer(this);
    m_timer->setSingleShot(true);
    connect(m_timer, &QTimer::timeout, this, &TreePanel::refresh);
    m_sampling_timer = new QTimer(this);
    m_sampling_timer->setSingleShot(true);
    connect(m_sampling_timer, &QTimer::timeout, this, [this] { m_strip->setSampling(1); });

    auto* all = new QVBoxLayout(this);
    all->setContentsMargins(Theme::kEdge, Theme::kGap, Theme::kEdge, Theme::kGap);
    all->setSpacing(Theme::kInner);
    all->addLayout(buildHeader());
    all->addWidget(buildPages(), 1);

    m_legend = new TreeLegend(this);
    all->addWidget(m_legend);
    m_explanation = new QLabel(this);
    m_explanation->setAccessibleName(tr("Explanation"));
    m_explanation->setWordWrap(true);
    m_explanation->setAlignment(Qt::AlignLeft | Qt::AlignTop);
    m_explanation->setTextFormat(Qt::PlainText);
    m_explanation->setTextInteractionFlags(Qt::TextSelectableByMouse);
    all->addWidget(m_explanation);
    connect(m_view, &CandidateTreeView::explanationChanged, m_explanation, &QLabel::setText);

    m_strip = new StepStrip(this);
    all->addWidget(m_strip);
    buildPace();
    auto* controls = new QHBoxLayout;
    controls->setSpacing(Theme::kInner);
    controls->addWidget(m_pace_box);
    controls->addStretch(1);
    controls->addWidget(m_table_button);
    all->addLayout(controls);
    connect(m_strip, &StepStrip::serialChosen, this, &TreePanel::showSerial);
    setFocusProxy(m_view);
    setTabOrder(m_view, m_strip);
    setTabOrder(m_strip, m_pace_box);
    setTabOrder(m_pace_box, m_table_button);
    refresh();
}

void TreePanel::buildPace()
{
    m_pace_box = new QComboBox(this);
    for (const int pace : kPaces)
        m_pace_box->addItem(paceWords(pace), pace);
    m_pace_box->setFont(uiFont(Theme::kCaption));
    m_pace_box->setAccessibleName(tr("Pace"));
    m_pace_box->view()->setAccessibleName(tr("Paces"));
    const QString why = tr("Slows the engine down so that each step can be seen; figures are those "
                           "of full speed.");
    m_pace_box->setToolTip(QStringLiteral("<qt>%1</qt>").arg(why));
    m_pace_box->setAccessibleDescription(why);
    connect(m_pace_box, &QComboBox::activated, this,
        [this](int index) { emit paceChosen(m_pace_box->itemData(index).toInt()); });
}

QLayout* TreePanel::buildHeader()
{
    auto* header = new QHBoxLayout;
    header->setSpacing(Theme::kGap);
    m_step_label = new QLabel(this);
    m_step_label->setAccessibleName(tr("Step"));
    m_step_label->setMinimumWidth(40);
    m_step_label->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    m_mode_label = new QLabel(this);
    m_mode_label->setAccessibleName(tr("Acceptance"));
    setRole(m_mode_label, "muted");
    m_table_button = new QToolButton(this);
    m_table_button->setText(tr("Table"));
    m_table_button->setCheckable(true);
    setRole(m_table_button, "small");
    m_table_button->setAccessibleName(tr("Show the tree as a table"));
    m_table_button->setToolTip(
        tr("The same nodes as rows, for reading with the keyboard or a screen reader"));
    connect(m_table_button, &QToolButton::toggled, this, &TreePanel::refresh);
    header->addWidget(m_step_label, 1);
    header->addWidget(m_mode_label);
    return header;
}

QWidget* TreePanel::buildPages()
{
    m_pages = new QStackedWidget(this);
    m_view = new CandidateTreeView(m_pages);
    m_view->setMinimumHeight(220);
    m_pages->addWidget(m_view);

    m_table_model = new NodeTableModel(this);
    m_table = new QTreeView(m_pages);
    m_table->setModel(m_table_model);
    m_table->setRootIsDecorated(false);
    m_table->setUniformRowHeights(true);
    m_table->setAccessibleName(tr("Nodes of the tree"));
    m_table->header()->setSectionResizeMode(QHeaderView::ResizeToContents);
    m_table->header()->setStretchLastSection(true);
    connect(m_table->selectionModel(), &QItemSelectionModel::currentChanged, this,
        [this](const QModelIndex& current) {
            m_explanation->setText(current.data(Qt::ToolTipRole).toString());
        });
    m_pages->addWidget(m_table);

    m_absence_page = new QWidget(m_pages);
    auto* column = new QVBoxLayout(m_absence_page);
    m_absence_title = new QLabel(m_absence_page);
    setRole(m_absence_title, "title");
    m_absence_words = new QLabel(m_absence_page);
    setRole(m_absence_words, "muted");
    column->addStretch(2);
    for (QLabel* label : {m_absence_title, m_absence_words}) {
        label->setAlignment(Qt::AlignHCenter);
        label->setWordWrap(true);
        column->addWidget(label);
    }
    m_absence_title->setAccessibleName(tr("Why there is no tree"));
    m_absence_words->setAccessibleName(tr("What to do"));
    column->addStretch(3);
    m_pages->addWidget(m_absence_page);
    return m_pages;
}

} // namespace gorgon
