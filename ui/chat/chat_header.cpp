// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/chat_header.h"

#include "ui/chat/chip.h"
#include "ui/theme/theme.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QToolButton>

#include <array>

namespace gorgon {

ChatHeader::ChatHeader(QWidget* parent)
    : QWidget(parent)
    , m_name(new QToolButton)
    , m_heads(new QLabel)
    , m_device(new Chip)
    , m_weights(new Chip)
    , m_marks(new QToolButton)
{
    // As a title, with the arrow of a choice.
    m_name->setStyleSheet(QStringLiteral("QToolButton { font-size: 15px; font-weight: 600; }"));
    setRole(m_heads, "muted");
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
    setModel({});
}

void ChatHeader::setModel(const ModelSummary& model)
{
    m_model = model;
    const bool loaded = model.isLoaded();
    m_heads->setText(!loaded     ? QString()
            : model.n_heads == 0 ? tr("without heads")
            : model.n_heads == 1 ? tr("with 1 head")
                                 : tr("with %1 heads").arg(model.n_heads));
    m_device->setText(loaded ? model.device : QString());
    m_device->setToolTip(model.device_note);
    m_weights->setText(loaded ? model.weights : QString());
    m_marks->setVisible(loaded && model.n_heads > 0);
    QStringList facts;
    for (const QString& fact :
        {model.name, m_heads->text(), model.path, model.device, model.weights})
        if (loaded && !fact.isEmpty())
            facts << fact;
    m_name->setToolTip((facts << tr("Open another model (Ctrl+O)")).join(QLatin1Char('\n')));
    fit();
}

void ChatHeader::fit()
{
    const QString arrow = QStringLiteral(" \u25BE");
    const QString name = m_model.isLoaded() ? m_model.name : tr("Open a model");
    m_name->ensurePolished();
    m_name->setText(name + arrow);
    const auto wide
        = [](const QWidget* widget) { return Theme::kInner + widget->sizeHint().width(); };
    int need = 2 * Theme::kEdge + wide(m_name) + (m_marks->isHidden() ? 0 : wide(m_marks));
    const std::array<QLabel*, 3> facts{m_heads, m_weights, m_device}; // the first is least missed
    for (const QLabel* fact : facts)
        need += fact->text().isEmpty() ? 0 : wide(fact);
    for (QLabel* fact : facts) {
        const bool has_words = !fact->text().isEmpty();
        const bool fits = need <= width();
        fact->setVisible(has_words && fits);
        if (has_words && !fits)
            need -= wide(fact);
    }
    if (need > width()) {
        const QFontMetrics metrics = m_name->fontMetrics();
        const int room = metrics.horizontalAdvance(name) - (need - width());
        m_name->setText(metrics.elidedText(name, Qt::ElideRight, room) + arrow);
    }
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
