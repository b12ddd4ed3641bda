// SPDX-License-Identifier: GPL-3.0-or-later
// What is on this computer: opened, verified, shown in its folder, removed.
#pragma once

#include "ui/models/hub_values.h"
#include "ui/models/model_choice.h"

#include <QWidget>

class QComboBox;
class QLabel;
class QPushButton;
class QTreeView;

namespace gorgon {

class InstalledTable;

class InstalledPage : public QWidget
{
    Q_OBJECT

public:
    explicit InstalledPage(QWidget* parent = nullptr);

    QTreeView* view() const { return m_view; }
    /// Formats on offer for weights in memory.
    void setWeights(const QStringList& formats);
    /// The model that is loaded, to which heads may be given; without a path: none is.
    void setInUse(const ModelChoice& choice);

public slots:
    void setEntries(const QVector<gorgon::InstalledEntry>& entries);
    void showFailure(const gorgon::HubFailure& failure);
    void showCheck(const QString& repository, const QString& words, bool is_bad);

signals:
    void openRequested(const gorgon::ModelChoice& choice);
    void folderRequested(); // another folder is to be opened
    void revealRequested(const QString& folder);
    void verifyRequested(const QString& repository);
    void stopVerifyRequested();
    void removeRequested(const QString& repository); // confirmed
    void forgetRequested(const QString& path); // of a folder outside the cache
    void discoverRequested();

private:
    const InstalledEntry* current() const;
    void showCurrent();
    void openCurrent();
    void askRemoval();
    QWidget* makeChoices();

    InstalledTable* m_table;
    QTreeView* m_view;
    QLabel* m_words;
    QLabel* m_empty;
    QPushButton* m_discover;
    QWidget* m_filler; // keeps the words of the empty list at the top
    QWidget* m_opening; // heads, weights and the button
    QComboBox* m_heads;
    QComboBox* m_weights;
    QPushButton* m_open;
    QPushButton* m_verify;
    QPushButton* m_reveal;
    QPushButton* m_remove;
    ModelChoice m_in_use;
    QString m_kept; // the repository chosen before the list was renewed
    QString m_verifying;
};

/// What the question before a removal says: both numbers.
QString removalWords(const InstalledEntry& entry);

} // namespace gorgon
