// SPDX-License-Identifier: GPL-3.0-or-later
// Measures how long the window's thread is kept from its event loop.
#pragma once

#include <QElapsedTimer>
#include <QObject>
#include <QString>
#include <QTimer>

#include <vector>

namespace gorgon {

class Heartbeat : public QObject
{
    Q_OBJECT

public:
    static constexpr int kBeatMs = 10;

    explicit Heartbeat(QObject* parent = nullptr);

    void clear();
    /// Milliseconds beyond the beat that a share (0 to 1) of the beats stayed below.
    double gapMs(double share) const;
    /// {"beats", "p50_ms", "p99_ms", "max_ms"}; false where the file cannot be written.
    bool write(const QString& file) const;

private:
    QTimer m_timer;
    QElapsedTimer m_clock;
    std::vector<double> m_gaps;
};

} // namespace gorgon
