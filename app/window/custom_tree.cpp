// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/custom_tree.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QObject>

#include <stdexcept>

namespace gorgon {

namespace {

constexpr qsizetype kMaxText = 64 * 1024;

} // namespace

QString readCustomTree(const QString& text, TreeSpec& tree)
{
    if (text.size() > kMaxText)
        return QObject::tr("Tree: expected at most 64 KiB of text.");
    QJsonParseError error;
    const QJsonDocument document = QJsonDocument::fromJson(text.toUtf8(), &error);
    if (!document.isArray())
        return QObject::tr("Tree: expected a list of paths such as [[0], [0, 0], [1]].");
    TreeSpec read{"custom", {}};
    const QJsonArray paths = document.array();
    for (const QJsonValue& path : paths) {
        Choice choice;
        const QJsonArray ranks = path.toArray();
        for (const QJsonValue& rank : ranks)
            choice.push_back(rank.toInt(-1));
        read.choices.push_back(choice);
    }
    try {
        makeCandidateTree(read.choices);
    } catch (const std::invalid_argument& problem) {
        return QString::fromUtf8(problem.what());
    }
    tree = read;
    return {};
}

} // namespace gorgon
