// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/settings_json.h"

#include "app/window/custom_tree.h"

#include <QJsonArray>
#include <QJsonDocument>

#include <algorithm>

namespace gorgon {

namespace {

double rounded(float value)
{
    return qRound(value * 1e6) / 1e6;
}

QString choicesText(const Choices& choices)
{
    QJsonArray list;
    for (const Choice& choice : choices) {
        QJsonArray ranks;
        for (const int rank : choice)
            ranks.append(rank);
        list.append(ranks);
    }
    return QString::fromUtf8(QJsonDocument(list).toJson(QJsonDocument::Compact));
}

AcceptanceMode readAcceptance(const QString& name, AcceptanceMode otherwise)
{
    for (const AcceptanceMode mode :
        {AcceptanceMode::greedy, AcceptanceMode::typical, AcceptanceMode::exact})
    {
        if (name == QLatin1String(acceptanceName(mode)))
            return mode;
    }
    return otherwise;
}

TreeSpec readTree(const QJsonObject& object, const TreeSpec& otherwise,
    const QVector<TreeSpec>& trees, int n_heads)
{
    const std::string name = object.value(QLatin1String("tree")).toString().toStdString();
    if (name == TreeSpec{}.name)
        return {};
    const auto known = std::find_if(
        trees.begin(), trees.end(), [&](const TreeSpec& tree) { return tree.name == name; });
    if (known != trees.end())
        return *known;
    TreeSpec tree;
    if (name == kAutoTree
        && object.value(QLatin1String("choices")).toString() == QLatin1String("[]"))
        return {kAutoTree, {}};
    if (!readCustomTree(object.value(QLatin1String("choices")).toString(), tree).isEmpty()
        || !unfillable(tree.choices, n_heads, kMaxTopK).empty())
        return otherwise;
    if (name == kAutoTree)
        tree.name = name;
    return tree;
}

} // namespace

QJsonObject settingsJson(const GenerateSettings& settings)
{
    return {{QStringLiteral("max_tokens"), settings.max_tokens},
        {QStringLiteral("temperature"), rounded(settings.temperature)},
        {QStringLiteral("top_p"), rounded(settings.top_p)},
        {QStringLiteral("acceptance"), QLatin1String(acceptanceName(settings.acceptance))},
        {QStringLiteral("posterior_threshold"), rounded(settings.posterior_threshold)},
        {QStringLiteral("posterior_alpha"), rounded(settings.posterior_alpha)},
        {QStringLiteral("n_heads"), settings.n_heads},
        {QStringLiteral("head_top_k"), settings.head_top_k},
        {QStringLiteral("max_nodes"), settings.max_nodes},
        {QStringLiteral("tree"), QString::fromStdString(settings.tree.name)}};
}

std::string keptSettings(const GenerateSettings& settings)
{
    QJsonObject object = settingsJson(settings);
    object.insert(QStringLiteral("choices"), choicesText(settings.tree.choices));
    if (settings.seed) // 64 bits: more than a JSON number holds
        object.insert(QStringLiteral("seed"), QString::number(*settings.seed));
    return QJsonDocument(object).toJson(QJsonDocument::Compact).toStdString();
}

GenerateSettings readKeptSettings(const std::string& text, const GenerateSettings& defaults,
    const QVector<TreeSpec>& trees, int n_heads)
{
    const QJsonObject object = QJsonDocument::fromJson(QByteArray::fromStdString(text)).object();
    if (object.isEmpty())
        return defaults;
    const auto value = [&](const char* name) { return object.value(QLatin1String(name)); };
    GenerateSettings read = defaults;
    read.temperature = float(value("temperature").toDouble(double(defaults.temperature)));
    read.top_p = float(value("top_p").toDouble(double(defaults.top_p)));
    read.acceptance = readAcceptance(value("acceptance").toString(), defaults.acceptance);
    read.posterior_threshold
        = float(value("posterior_threshold").toDouble(double(defaults.posterior_threshold)));
    read.posterior_alpha
        = float(value("posterior_alpha").toDouble(double(defaults.posterior_alpha)));
    read.n_heads = value("n_heads").toInt(defaults.n_heads);
    read.head_top_k = value("head_top_k").toInt(defaults.head_top_k);
    read.max_nodes = value("max_nodes").toInt(defaults.max_nodes);
    read.tree = readTree(object, defaults.tree, trees, n_heads);
    bool is_seed = false;
    const qulonglong seed = value("seed").toString().toULongLong(&is_seed);
    if (is_seed)
        read.seed = seed;
    return settingsProblem(read).empty() ? read : defaults;
}

} // namespace gorgon
