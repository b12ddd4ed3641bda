// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/heartbeat.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QSaveFile>

#include <algorithm>

namespace gorgon {

Heartbeat::Heartbeat(QObject* parent)
    : QObject(parent)
{
    m_timer.setTimerType(Qt::PreciseTimer);
    connect(&m_timer, &QTimer::timeout, this, [this] {
        m_gaps.push_back(std::max(0.0, double(m_clock.nsecsElapsed()) / 1e6 - kBeatMs));
        m_clock.start();
    });
    m_clock.start();
    m_timer.start(kBeatMs);
}

void Heartbeat::clear()
{
    m_gaps.clear();
    m_clock.start();
}

double Heartbeat::gapMs(double share) const
{
    if (m_gaps.empty())
        return 0;
    std::vector<double> sorted = m_gaps;
    const size_t place = std::min(sorted.size() - 1, size_t(share * double(sorted.size())));
    std::nth_element(sorted.begin(), sorted.begin() + std::ptrdiff_t(place), sorted.end());
    return sorted[place];
}

bool Heartbeat::write(const QString& file) const
{
    const QJsonObject object{{QStringLiteral("beats"), qint64(m_gaps.size())},
        {QStringLiteral("p50_ms"), gapMs(0.5)}, {QStringLiteral("p99_ms"), gapMs(0.99)},
        {QStringLiteral("max_ms"), gapMs(1)}};
    QSaveFile out(file);
    return out.open(QIODevice::WriteOnly) && out.write(QJsonDocument(object).toJson()) > 0
        && out.commit();
}

} // namespace gorgon
