// SPDX-License-Identifier: GPL-3.0-or-later
// What the window remembers of itself, as text.
#include "ui/chat/chat_panel.h"
#include "ui/main_window.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QSplitter>
#include <QTabBar>

#include <algorithm>

namespace gorgon {

namespace {

QString base64(const QByteArray& bytes)
{
    return QString::fromLatin1(bytes.toBase64());
}

QByteArray bytesOf(const QJsonValue& value)
{
    return QByteArray::fromBase64(value.toString().toLatin1());
}

} // namespace

QString MainWindow::layoutText() const
{
    QJsonObject values{{QStringLiteral("geometry"), base64(saveGeometry())},
        {QStringLiteral("splitter"), base64(m_splitter->saveState())},
        {QStringLiteral("tab"), m_tabs->currentIndex()},
        {QStringLiteral("left"), !m_splitter->widget(0)->isHidden()},
        {QStringLiteral("right"), !m_splitter->widget(2)->isHidden()},
        {QStringLiteral("marks"), m_chat->marksShown()},
        {QStringLiteral("appearance"), int(m_theme_mode)}};
    if (m_pace)
        values.insert(QStringLiteral("pace"), *m_pace);
    return QString::fromUtf8(QJsonDocument(values).toJson(QJsonDocument::Compact));
}

void MainWindow::setLayoutText(const QString& text)
{
    const QJsonObject values = QJsonDocument::fromJson(text.toUtf8()).object();
    if (values.isEmpty())
        return;
    restoreGeometry(bytesOf(values[QStringLiteral("geometry")]));
    m_splitter->restoreState(bytesOf(values[QStringLiteral("splitter")]));
    m_splitter->setHandleWidth(1);
    m_splitter->widget(0)->setVisible(values[QStringLiteral("left")].toBool(true));
    m_splitter->widget(2)->setVisible(values[QStringLiteral("right")].toBool(true));
    m_tabs->setCurrentIndex(
        std::clamp(values[QStringLiteral("tab")].toInt(), 0, m_tabs->count() - 1));
    m_chat->setMarksShown(values[QStringLiteral("marks")].toBool());
    if (const int pace = values[QStringLiteral("pace")].toInt(-1); pace >= 0)
        setPace(pace);
    const int mode = values[QStringLiteral("appearance")].toInt();
    if (mode >= int(ThemeMode::system) && mode <= int(ThemeMode::dark))
        m_theme_mode = ThemeMode(mode);
}

} // namespace gorgon
