// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/installed_facts.h"

#include "app/window/open_model.h"
#include "core/model/inspect.h"

#include <QObject>

namespace gorgon {

InstalledFacts readInstalled(InstalledEntry& entry)
{
    InstalledFacts facts;
    if (entry.folder.isEmpty()) {
        entry.problem = QObject::tr("Its download was not finished; continue it under Downloads.");
        return facts;
    }
    const ModelReport report = inspect(std::filesystem::path(entry.folder.toStdU16String()));
    entry.is_model = report.kind == "model" && report.config;
    entry.is_heads = report.heads && report.heads->n_heads > 0;
    entry.words = reportWords(report);
    if (!report.problems.empty())
        entry.problem = QString::fromStdString(report.problems.front());
    else if (!entry.is_model && !entry.is_heads)
        entry.problem = QObject::tr("Neither a model nor heads that can be read here.");
    if (entry.is_model) {
        facts.width = report.config->dim;
        facts.vocab = report.config->vocab_size;
    } else if (entry.is_heads) {
        facts.width = report.heads->width;
        facts.vocab = report.heads->vocab_rows;
    }
    return facts;
}

void offerHeads(QVector<InstalledEntry>& entries, const QVector<InstalledFacts>& facts)
{
    for (int i = 0; i < entries.size(); ++i) {
        if (!entries[i].is_model)
            continue;
        for (int j = 0; j < entries.size(); ++j) {
            const bool alone = entries[j].is_heads && !entries[j].is_model;
            if (alone && facts[j].width > 0 && facts[j].width == facts[i].width
                && (facts[j].vocab == 0 || facts[j].vocab == facts[i].vocab))
                entries[i].heads.append({entries[j].repository, entries[j].folder});
        }
    }
}

} // namespace gorgon
