// SPDX-License-Identifier: GPL-3.0-or-later
// What was loaded, as the Details tab shows it. Plain values.
#pragma once

#include <QMetaType>
#include <QString>
#include <QStringList>
#include <QVector>

namespace gorgon {

struct ModelDetails
{
    struct Row
    {
        QString name;
        QString value;
    };
    struct Section
    {
        QString title;
        QVector<Row> rows;
    };
    struct Memory
    {
        QString name; // "attention"
        qint64 bytes = 0;
    };

    QVector<Section> sections;
    QVector<Memory> memory; // in the order of the forward pass, the cache last
    QStringList warnings; // one sentence each
};

} // namespace gorgon

Q_DECLARE_METATYPE(gorgon::ModelDetails)
