// SPDX-License-Identifier: GPL-3.0-or-later
// How the hub is reached: address, proxy, token, limits; and whether it works.
#pragma once

#include "ui/models/hub_values.h"

#include <QWidget>

class QCheckBox;
class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QSpinBox;

namespace gorgon {

class ConnectionPage : public QWidget
{
    Q_OBJECT

public:
    explicit ConnectionPage(QWidget* parent = nullptr);

    HubPreferences preferences() const;
    void focusToken();

public slots:
    void setPreferences(const gorgon::HubPreferences& preferences);
    /// where: the file that keeps it, or the variable that gives it.
    void setTokenPlace(bool has_token, const QString& where);
    /// The proxy in use and who named it; empty: nothing needs to be said.
    void setProxyPlace(const QString& words);
    void showTest(const QString& sentence, bool works);

signals:
    void preferencesChanged(const gorgon::HubPreferences& preferences);
    void tokenEntered(const QString& token); // empty: it is to be removed
    void testRequested();

private:
    void edited();
    void endpointEdited();
    void enterToken();

    QLineEdit* m_endpoint;
    QString m_trusted; // the address that the tick was set beside
    QCheckBox* m_trust;
    QComboBox* m_proxy;
    QLineEdit* m_own_proxy;
    QLabel* m_proxy_words;
    QLineEdit* m_token;
    QPushButton* m_keep;
    QPushButton* m_forget;
    QLabel* m_token_words;
    QSpinBox* m_limit;
    QSpinBox* m_files;
    QPushButton* m_test;
    QLabel* m_test_words;
    bool m_filling = false;
};

} // namespace gorgon
