// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/details/details_panel.h"

#include "ui/details/memory_bar.h"
#include "ui/theme/theme.h"

#include <QApplication>
#include <QClipboard>
#include <QGridLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

namespace gorgon {

namespace {

constexpr int kNameWidth = 148;

QLabel* makeLabel(const QString& text, const char* role)
{
    auto* label = new QLabel(text);
    if (role)
        setRole(label, role);
    label->setWordWrap(true);
    label->setTextFormat(Qt::PlainText);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    return label;
}

} // namespace

DetailsPanel::DetailsPanel(QWidget* parent)
    : QWidget(parent)
    , m_empty(makeLabel(tr("No model is loaded."), "muted"))
    , m_copy(new QPushButton(tr("Copy")))
{
    m_copy->setToolTip(tr("Copies everything below as text"));
    auto* open = new QPushButton(tr("Open a model…"));
    open->setToolTip(tr("Another model or other heads (Ctrl+O)"));
    auto* buttons = new QHBoxLayout;
    buttons->addWidget(open);
    buttons->addStretch(1);
    buttons->addWidget(m_copy);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(Theme::kEdge, Theme::kGap, Theme::kEdge, Theme::kEdge);
    column->setSpacing(Theme::kGap);
    column->addLayout(buttons);
    column->addWidget(m_empty);
    column->addStretch(1);
    connect(open, &QPushButton::clicked, this, &DetailsPanel::openRequested);
    connect(m_copy, &QPushButton::clicked, this,
        [this] { QApplication::clipboard()->setText(text()); });
    setDetails({});
}

void DetailsPanel::setDetails(const ModelDetails& details)
{
    m_details = details;
    delete m_content;
    m_content = nullptr;
    const bool loaded = !details.sections.isEmpty();
    m_empty->setVisible(!loaded);
    m_copy->setEnabled(loaded);
    if (!loaded)
        return;
    m_content = new QWidget;
    auto* column = new QVBoxLayout(m_content);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(Theme::kInner);
    addWarnings(column);
    for (const ModelDetails::Section& section : details.sections)
        addSection(column, section);
    if (!details.memory.isEmpty()) {
        column->addWidget(makeLabel(tr("Memory by part"), "strong"));
        auto* bar = new MemoryBar;
        bar->setParts(details.memory);
        column->addWidget(bar);
    }
    static_cast<QVBoxLayout*>(layout())->insertWidget(2, m_content);
}

void DetailsPanel::addWarnings(QVBoxLayout* column)
{
    if (m_details.warnings.isEmpty())
        return;
    column->addWidget(
        makeLabel(m_details.warnings.size() == 1 ? tr("Warning") : tr("Warnings"), "strong"));
    for (const QString& warning : m_details.warnings)
        column->addWidget(makeLabel(warning, "warning"));
}

void DetailsPanel::addSection(QVBoxLayout* column, const ModelDetails::Section& section)
{
    auto* title = makeLabel(section.title, "strong");
    column->addWidget(title);
    auto* grid = new QGridLayout;
    grid->setContentsMargins(0, 0, 0, Theme::kInner);
    grid->setHorizontalSpacing(Theme::kGap);
    grid->setVerticalSpacing(4);
    grid->setColumnMinimumWidth(0, kNameWidth);
    grid->setColumnStretch(1, 1);
    for (int i = 0; i < section.rows.size(); ++i) {
        grid->addWidget(makeLabel(section.rows[i].name, "muted"), i, 0, Qt::AlignTop);
        grid->addWidget(makeLabel(section.rows[i].value, nullptr), i, 1);
    }
    column->addLayout(grid);
}

QString DetailsPanel::text() const
{
    QString all;
    for (const QString& warning : m_details.warnings)
        all += tr("Warning: %1").arg(warning) + QLatin1Char('\n');
    for (const ModelDetails::Section& section : m_details.sections) {
        all += section.title + QLatin1Char('\n');
        for (const ModelDetails::Row& row : section.rows)
            all += QStringLiteral("  %1: %2\n").arg(row.name, row.value);
    }
    if (!m_details.memory.isEmpty())
        all += tr("Memory by part") + QLatin1Char('\n');
    for (const ModelDetails::Memory& part : m_details.memory)
        all += QStringLiteral("  %1: %2\n").arg(part.name, QLocale().formattedDataSize(part.bytes));
    return all;
}

} // namespace gorgon
