// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/request_page.h"

#include "ui/models/request_table.h"
#include "ui/theme/theme.h"

#include <QApplication>
#include <QClipboard>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QSaveFile>
#include <QTreeView>
#include <QVBoxLayout>

namespace gorgon {

RequestPage::RequestPage(QWidget* parent)
    : QWidget(parent)
    , m_table(new RequestTable(this))
    , m_view(new QTreeView)
    , m_words(new QLabel(tr("Nothing was sent since the program started.")))
    , m_copy(new QPushButton(tr("Copy all")))
    , m_save(new QPushButton(tr("Save…")))
{
    m_view->setModel(m_table);
    m_view->setRootIsDecorated(false);
    m_view->setUniformRowHeights(true);
    m_view->setAllColumnsShowFocus(true);
    m_view->setAccessibleName(tr("Requests that were made"));
    m_view->header()->setStretchLastSection(true);
    const int widths[] = {84, 72, 64, 84, 84};
    for (int column = 0; column < RequestTable::address_column; ++column)
        m_view->header()->resizeSection(column, widths[column]);
    m_words->setWordWrap(true);
    setRole(m_words, "muted");
    for (QPushButton* button : {m_copy, m_save}) {
        button->setAutoDefault(false);
        button->setEnabled(false);
    }
    auto* foot = new QHBoxLayout;
    foot->setSpacing(Theme::kInner);
    foot->addWidget(m_words, 1);
    foot->addWidget(m_copy);
    foot->addWidget(m_save);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(Theme::kEdge, Theme::kGap, Theme::kEdge, Theme::kEdge);
    column->setSpacing(Theme::kGap);
    column->addWidget(m_view, 1);
    column->addLayout(foot);
    setFocusProxy(m_view);
    connect(m_copy, &QPushButton::clicked, this,
        [this] { QApplication::clipboard()->setText(m_table->text()); });
    connect(m_save, &QPushButton::clicked, this, &RequestPage::save);
}

void RequestPage::add(const RequestEntry& entry)
{
    m_table->add(entry);
    m_copy->setEnabled(true);
    m_save->setEnabled(true);
    setRole(m_words, "muted");
    m_words->setText(tr("Every request since the program started, %1. Tokens and queries are never "
                        "written here.")
                         .arg(m_table->rowCount()));
}

void RequestPage::save()
{
    const QString name = QFileDialog::getSaveFileName(
        this, tr("Save the requests"), QStringLiteral("gorgon-requests.tsv"));
    if (name.isEmpty())
        return;
    QSaveFile file(name);
    const QByteArray text = m_table->text().toUtf8();
    if (!file.open(QIODevice::WriteOnly) || file.write(text) != text.size() || !file.commit()) {
        setRole(m_words, "warning");
        m_words->setText(tr("%1: cannot be written: %2.").arg(name, file.errorString()));
    }
}

} // namespace gorgon
