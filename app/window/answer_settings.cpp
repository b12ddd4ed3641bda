// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/answer_settings.h"

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
    const auto round = [](float value) { return qRound(value * 1e6) / 1e6; };
    const QJsonObject object{{QStringLiteral("finish"), QLatin1String(finishName(result.finish))},
        {QStringLiteral("marks"), stretches},
        {QStringLiteral("seed"),
            QString::number(result.seed)}, // 64 bits: more than a JSON number holds
        {QStringLiteral("max_tokens"), settings.max_tokens},
        {QStringLiteral("temperature"), round(settings.temperature)},
        {QStringLiteral("top_p"), round(settings.top_p)},
        {QStringLiteral("acceptance"), QLatin1String(acceptanceName(settings.acceptance))},
        {QStringLiteral("posterior_threshold"), round(settings.posterior_threshold)},
        {QStringLiteral("posterior_alpha"), round(settings.posterior_alpha)},
        {QStringLiteral("n_heads"), settings.n_heads},
        {QStringLiteral("head_top_k"), settings.head_top_k},
        {QStringLiteral("max_nodes"), settings.max_nodes},
        {QStringLiteral("tree"), QString::fromStdString(settings.tree.name)}};
    return QJsonDocument(object).toJson(QJsonDocument::Compact).toStdString();
}

} // namespace gorgon
