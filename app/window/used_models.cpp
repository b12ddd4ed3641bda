// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/used_models.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>

namespace gorgon {

QString usedModelsText(const QVector<ModelChoice>& used)
{
    QJsonArray list;
    for (const ModelChoice& choice : used)
        list.append(QJsonObject{{QStringLiteral("model"), choice.model},
            {QStringLiteral("heads"), choice.heads}, {QStringLiteral("weights"), choice.weights},
            {QStringLiteral("context"), choice.context}, {QStringLiteral("used"), choice.used_s}});
    return QString::fromUtf8(QJsonDocument(list).toJson(QJsonDocument::Compact));
}

QVector<ModelChoice> readUsedModels(const QString& text)
{
    QVector<ModelChoice> used;
    const QJsonArray list = QJsonDocument::fromJson(text.toUtf8()).array();
    for (const QJsonValue& value : list) {
        const ModelChoice choice{value[QStringLiteral("model")].toString(),
            value[QStringLiteral("heads")].toString(), value[QStringLiteral("weights")].toString(),
            std::max<qint64>(0, value[QStringLiteral("context")].toInteger()),
            std::max<qint64>(0, value[QStringLiteral("used")].toInteger())};
        if (!choice.model.isEmpty() && used.size() < kMostUsedModels)
            used.append(choice);
    }
    return used;
}

} // namespace gorgon
