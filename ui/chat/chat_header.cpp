// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/chat_header.h"

#include "ui/chat/chip.h"
#include "ui/models/hub_words.h"
#include "ui/theme/theme.h"

#include <QActionGroup>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QPainter>
#include <QToolButton>

#include <array>

namespace gorgon {

namespace {

const QString kArrow = QStringLiteral(" \u25BE");

} // namespace

ChatHeader::ChatHeader(QWidget* parent)
    : QWidget(parent)
    , m_name(new QToolButton)
    , m_heads(new QToolButton)
    , m_heads_menu(new QMenu(m_heads))
    , m_device(new Chip)
    , m_weights(new Chip)
    , m_marks(new QToolButton)
{
    // As a title, with the arrow of a choice.
    m_name->setStyleSheet(QStringLiteral("QToolButton { font-size: 15px; font-weight: 600; }"));
    // Quiet beside the name. The arrow is in its words: the style's own would lie over them.
    m_heads->setStyleSheet(
        QStringLiteral("QToolButton { font-size: 13px; }"
                       "QToolButton::menu-indicator { image: none; width: 0; }"));
    m_heads->setMenu(m_heads_menu);
    m_heads->setPopupMode(QToolButton::InstantPopup);
    m_heads->setToolTip(tr("Choose heads; the model stays in memory"));
    m_heads_menu->setAccessibleName(tr("Heads"));
    connect(m_heads_menu, &QMenu::aboutToShow, this, &ChatHeader::headsWanted);
    m_name->setAccessibleName(tr("Model"));
    m_heads->setAccessibleName(tr("Heads"));
    m_device->setAccessibleName(tr("Device"));
    m_weights->setAccessibleName(tr("Format of the weights"));
    m_marks->setText(tr("Marks"));
    m_marks->setCheckable(true);
    // As low as the chips beside it; colours are the theme's.
    m_marks->setStyleSheet(
        QStringLiteral("QToolButton { font-size: 12px; padding: 3px 10px; border-radius: 13px; }"));
    m_marks->setAccessibleName(tr("Decoding marks"));
    m_marks->setToolTip(tr("Underline what the heads drafted (Ctrl+D)"));
    connect(m_name, &QToolButton::clicked, this, &ChatHeader::openRequested);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(Theme::kEdge, 0, Theme::kEdge, 0);
    row->setSpacing(Theme::kInner);
    row->addWidget(m_name);
    row->addWidget(m_heads);
    row->addStretch(1);
    row->addWidget(m_marks);
    row->addWidget(m_device);
    row->addWidget(m_weights);
    setFixedHeight(50);
    fillHeads();
    setModel({});
}

void ChatHeader::setModel(const ModelSummary& model)
{
    m_model = model;
    const bool loaded = model.isLoaded();
    const QString heads = !loaded ? QString()
        : model.n_heads == 0      ? tr("without heads")
        : model.n_heads == 1      ? tr("with 1 head")
                                  : tr("with %1 heads").arg(model.n_heads);
    m_heads->setText(loaded ? heads + kArrow : QString());
    m_device->setText(loaded ? model.device : QString());
    m_device->setToolTip(model.device_note);
    m_weights->setText(loaded ? model.weights : QString());
    m_marks->setVisible(loaded && model.n_heads > 0);
    QStringList facts;
    for (const QString& fact : {model.name, heads, model.path, model.device, model.weights})
        if (loaded && !fact.isEmpty())
            facts << fact;
    m_name->setToolTip((facts << tr("Open another model (Ctrl+O)")).join(QLatin1Char('\n')));
    fit();
}

void ChatHeader::fit()
{
    const QString name = m_model.isLoaded() ? m_model.name : tr("Open a model");
    m_name->ensurePolished();
    m_name->setText(name + kArrow);
    const auto wide
        = [](const QWidget* widget) { return Theme::kInner + widget->sizeHint().width(); };
    int need = 2 * Theme::kEdge + wide(m_name) + (m_marks->isHidden() ? 0 : wide(m_marks));
    const std::array<std::pair<QWidget*, QString>, 3> facts{{{m_weights, m_weights->text()},
        {m_device, m_device->text()}, {m_heads, m_heads->text()}}}; // the first is least missed
    for (const auto& [fact, words] : facts)
        need += words.isEmpty() ? 0 : wide(fact);
    for (const auto& [fact, words] : facts) {
        const bool has_words = !words.isEmpty();
        const bool fits = need <= width();
        fact->setVisible(has_words && fits);
        if (has_words && !fits)
            need -= wide(fact);
    }
    if (need > width()) {
        const QFontMetrics metrics = m_name->fontMetrics();
        const int room = metrics.horizontalAdvance(name) - (need - width());
        m_name->setText(metrics.elidedText(name, Qt::ElideRight, room) + kArrow);
    }
}

void ChatHeader::setHeads(const QVector<HeadsOffer>& offered, const QString& in_use)
{
    if (offered == m_offered && in_use == m_heads_in_use)
        return;
    m_offered = offered;
    m_heads_in_use = in_use;
    fillHeads();
}

void ChatHeader::fillHeads()
{
    m_heads_menu->clear();
    delete m_heads_menu->findChild<QActionGroup*>();
    auto* group = new QActionGroup(m_heads_menu);
    const auto add = [&](const QString& name, const QString& heads) {
        QAction* action = m_heads_menu->addAction(name);
        action->setCheckable(true);
        action->setChecked(heads == m_heads_in_use);
        group->addAction(action);
        connect(action, &QAction::triggered, this, [this, heads] {
            if (heads != m_heads_in_use)
                emit headsChosen(heads);
        });
    };
    add(tr("Those found with the model"), {});
    QStringList paths{QString(), QStringLiteral("none")};
    for (const HeadsOffer& each : std::as_const(m_offered)) {
        add(shortName(each.name), each.path);
        paths << each.path;
    }
    if (!paths.contains(m_heads_in_use)) // of a folder that is not in the cache
        add(shortName(m_heads_in_use), m_heads_in_use);
    add(tr("None: plain decoding"), QStringLiteral("none"));
    m_heads_menu->addSeparator();
    connect(m_heads_menu->addAction(tr("Other heads…")), &QAction::triggered, this,
        &ChatHeader::openRequested);
}

void ChatHeader::resizeEvent(QResizeEvent*)
{
    fit();
}

void ChatHeader::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    const qreal width = theme().hairline_width;
    painter.fillRect(QRectF(0, height() - width, this->width(), width), theme().hairline);
}

} // namespace gorgon
