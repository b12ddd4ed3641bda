// SPDX-License-Identifier: GPL-3.0-or-later
// What is known of one pair, and the button that fetches it.
#pragma once

#include "ui/models/hub_values.h"

#include <QWidget>

class QCheckBox;
class QGridLayout;
class QLabel;
class QLineEdit;
class QPushButton;

namespace gorgon {

class FitPanel;

class PairPanel : public QWidget
{
    Q_OBJECT

public:
    explicit PairPanel(QWidget* parent = nullptr);

    void setEntry(const PairEntry& entry); // without names: nothing is chosen
    const PairEntry& entry() const { return m_entry; }
    FitPanel* fit() const { return m_fit; }
    /// Whether what is got is opened when it is here, until somebody says otherwise.
    void setOpenWhenHere(bool open);

signals:
    void getRequested(const gorgon::PairEntry& entry);
    void checkRequested(const gorgon::PairEntry& entry);
    void stopRequested();
    void pageRequested(const QString& address);
    /// The pair is asked for again with it.
    void tokenEntered(const QString& token);

private:
    QWidget* makeGate();
    void get();
    void showFacts();

    PairEntry m_entry;
    QLabel* m_title;
    QLabel* m_names;
    QLabel* m_note;
    QLabel* m_problem;
    QGridLayout* m_facts;
    FitPanel* m_fit;
    QCheckBox* m_open_when_here;
    QWidget* m_gate;
    QPushButton* m_page;
    QLineEdit* m_token;
    QPushButton* m_retry;
    QPushButton* m_check;
    QPushButton* m_get;
};

} // namespace gorgon
