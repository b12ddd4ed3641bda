// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/chat_header.h"

#include "ui/chat/chip.h"
#include "ui/theme/theme.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QToolButton>

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
    const bool loaded = model.isLoaded();
    m_name->setText((loaded ? model.name : tr("Open a model")) + QStringLiteral(" \u25BE"));
    m_name->setToolTip(
        (loaded ? model.path + QLatin1Char('\n') : QString()) + tr("Open another model (Ctrl+O)"));
    m_heads->setText(!loaded     ? QString()
            : model.n_heads == 0 ? tr("without heads")
            : model.n_heads == 1 ? tr("with 1 head")
                                 : tr("with %1 heads").arg(model.n_heads));
    m_marks->setVisible(loaded && model.n_heads > 0);
    m_device->setText(model.device);
    m_device->setToolTip(model.device_note);
    m_device->setVisible(loaded && !model.device.isEmpty());
    m_weights->setText(model.weights);
    m_weights->setVisible(loaded && !model.weights.isEmpty());
}

void ChatHeader::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    const qreal width = theme().hairline_width;
    painter.fillRect(QRectF(0, height() - width, this->width(), width), theme().hairline);
}

} // namespace gorgon
