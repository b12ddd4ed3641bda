// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/answer_settings.h"

#include "app/window/settings_json.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

namespace gorgon {

std::string answerSettingsJson(
    const GenerateSettings& settings, const GenerateResult& result, const TextMarks& marks)
{
    QJsonArray stretches;
    for (const TextMark& mark : marks) {
        stretches.append(mark.length);
        stretches.append(mark.head);
        stretches.append(mark.step);
    }
    QJsonObject object = settingsJson(settings);
    object.insert(QStringLiteral("finish"), QLatin1String(finishName(result.finish)));
    object.insert(QStringLiteral("marks"), stretches);
    // 64 bits: more than a JSON number holds.
    object.insert(QStringLiteral("seed"), QString::number(result.seed));
    return QJsonDocument(object).toJson(QJsonDocument::Compact).toStdString();
}

} // namespace gorgon
