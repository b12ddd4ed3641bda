// SPDX-License-Identifier: GPL-3.0-or-later
// Finds models and heads: the catalogue, then the hub. Nothing is sent before a person asks.
#pragma once

#include "ui/models/hub_values.h"

#include <QWidget>

class QLabel;
class QLineEdit;
class QListView;
class QPushButton;

namespace gorgon {

class DiscoverModel;
class PairPanel;

class DiscoverPage : public QWidget
{
    Q_OBJECT

public:
    explicit DiscoverPage(QWidget* parent = nullptr);

    PairPanel* panel() const { return m_panel; }
    QListView* list() const { return m_list; }
    void focusSearch();
    void searchFor(const QString& text); // as if it had been typed and entered

public slots:
    /// What is shown until something is searched for. computer: that it was sorted for.
    void setCatalog(const QVector<gorgon::PairEntry>& entries, const QString& computer = {});
    /// Pairs that a search found; more: behind those of the same search.
    void showFound(const QVector<gorgon::PairEntry>& entries, bool is_more, bool has_next);
    void showSearchFailure(const gorgon::HubFailure& failure);
    /// Of something else than a search.
    void showFailure(const gorgon::HubFailure& failure);
    /// Of the entry that had this key: what the hub said since.
    void updateEntry(const QString& key, const gorgon::PairEntry& entry);

signals:
    void searchRequested(const QString& text); // words, or an address of the hub
    void moreRequested();
    void stopRequested(); // whatever the hub is asked at the moment
    void checkRequested(const gorgon::PairEntry& entry);
    void getRequested(const gorgon::PairEntry& entry);
    void tokenEntered(const QString& token, const gorgon::PairEntry& entry);
    void pageRequested(const QString& address);
    void deedRequested(gorgon::HubDeed deed, const QString& page);

private:
    void search();
    void showCatalog();
    void fillCatalog(const QString& chosen);
    void tellCatalog();
    void check(const PairEntry& entry);
    void setWords(const QString& words, bool failed = false, HubDeed deed = HubDeed::none);
    void setAsking(const QString& words);
    bool takeAnswer();
    void doDeed();

    QLineEdit* m_line;
    QPushButton* m_search;
    QLabel* m_words;
    QPushButton* m_deed;
    DiscoverModel* m_model;
    QListView* m_list;
    QPushButton* m_more;
    PairPanel* m_panel;
    QVector<PairEntry> m_catalog;
    QString m_computer;
    bool m_shows_catalog = true; // not what a search found
    bool m_tells_catalog = false; // the line above it is about the catalogue
    HubFailure m_failure;
    int m_asked = 0; // questions without an answer; each gets one
    bool m_unwanted = false; // nobody waits for its answer any more
    bool m_asked_more = false; // the last one
};

} // namespace gorgon
