// SPDX-License-Identifier: GPL-3.0-or-later
// The foot of the window, in words: what the engine does, how Medusa fares, what it costs.
#pragma once

#include "ui/chat/chat_values.h"

#include <QWidget>

class QLabel;
class QPushButton;

namespace gorgon {

/// "Generating", "Reading prompt 1 200 of 3 400".
QString statusWords(const EngineStatus& status);

class StatusLine : public QWidget
{
    Q_OBJECT

public:
    explicit StatusLine(QWidget* parent = nullptr);

    void setStatus(const EngineStatus& status);
    void setPace(int steps_per_second); // chosen for watching; 0: full speed
    /// "Medusa on, 16 nodes, 1.7 times plain decoding".
    void setMedusa(const QString& words);
    void setDevice(const QString& device);
    void setSpeed(const MessageStats& stats); // of the answer now shown; no steps: nothing
    void setContext(int used, int size); // used < 0: not known
    void setMemory(qint64 bytes);
    void setDownloads(const QString& words); // "2 downloads, 43 %"; empty: none
    QString text() const; // all of it, for people who hear it
    QSize minimumSizeHint() const override { return {240, 28}; }

signals:
    void downloadsClicked();

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    QLabel* add(const QString& name, bool number);
    void showState();
    /// What is least missed gives way where the window is narrow.
    void fit();

    QLabel* m_state;
    QLabel* m_medusa;
    QString m_medusa_words; // the whole
    QPushButton* m_downloads;
    QLabel* m_speed;
    QLabel* m_per_step;
    QLabel* m_context;
    QLabel* m_memory;
    QLabel* m_device;
    EngineStatus m_status;
    int m_pace = 0;
};

} // namespace gorgon
