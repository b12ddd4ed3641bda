// SPDX-License-Identifier: GPL-3.0-or-later
// What is known of one pair, and the button that fetches it.
#pragma once

#include "ui/models/hub_values.h"

#include <QWidget>

class QGridLayout;
class QLabel;
class QLineEdit;
class QPushButton;

namespace gorgon {

class PairPanel : public QWidget
{
    Q_OBJECT

public:
    explicit PairPanel(QWidget* parent = nullptr);

    void setEntry(const PairEntry& entry); // without names: nothing is chosen
    const PairEntry& entry() const { return m_entry; }

signals:
    void getRequested(const gorgon::PairEntry& entry);
    void checkRequested(const gorgon::PairEntry& entry);
    void stopRequested();
    void pageRequested(const QString& address);
    /// The pair is asked for again with it.
    void tokenEntered(const QString& token);

private:
    QWidget* makeGate();
    void showFacts();

    PairEntry m_entry;
    QLabel* m_title;
    QLabel* m_names;
    QLabel* m_note;
    QLabel* m_problem;
    QGridLayout* m_facts;
    QWidget* m_gate;
    QPushButton* m_page;
    QLineEdit* m_token;
    QPushButton* m_retry;
    QPushButton* m_check;
    QPushButton* m_get;
};

} // namespace gorgon
