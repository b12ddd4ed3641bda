// SPDX-License-Identifier: GPL-3.0-or-later
// One download: how far it is, file by file, and what can be done about it.
#pragma once

#include "ui/models/hub_values.h"

#include <QFrame>

class QGridLayout;
class QLabel;
class QProgressBar;
class QPushButton;
class QToolButton;

namespace gorgon {

class DownloadCard : public QFrame
{
    Q_OBJECT

public:
    explicit DownloadCard(QWidget* parent = nullptr);

    void setEntry(const DownloadEntry& entry);
    const DownloadEntry& entry() const { return m_entry; }

signals:
    void pauseRequested(qint64 id);
    void resumeRequested(qint64 id);
    void cancelRequested(qint64 id);
    void forgetRequested(qint64 id);
    void openRequested(const QString& repository, const QString& folder);
    void deedRequested(qint64 id, gorgon::HubDeed deed, const QString& page);

private:
    void showButtons();
    void showFiles();
    void showWords();

    struct FileRow
    {
        QLabel* name;
        QProgressBar* bar;
        QLabel* words;
    };
    DownloadEntry m_entry;
    QLabel* m_title;
    QLabel* m_state;
    QProgressBar* m_bar;
    QLabel* m_numbers;
    QLabel* m_slow;
    QLabel* m_failure;
    QPushButton* m_deed;
    QPushButton* m_copy;
    QPushButton* m_pause; // or resume, or open
    QPushButton* m_cancel; // or take from the list
    QToolButton* m_more;
    QWidget* m_files;
    QGridLayout* m_grid;
    QVector<FileRow> m_rows;
    bool m_unfolded_by_hand = false;
};

} // namespace gorgon
