// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/installed_facts.h"

#include "app/window/open_model.h"
#include "core/model/inspect.h"

#include <QObject>

namespace gorgon {

void readInstalled(InstalledEntry& entry)
{
    if (!entry.problem.isEmpty())
        return;
    if (entry.folder.isEmpty()) {
        entry.problem = QObject::tr("Its download was not finished; continue it under Downloads.");
        return;
    }
    const ModelReport report = inspect(std::filesystem::path(entry.folder.toStdU16String()));
    entry.is_model = report.kind == "model" && report.config;
    entry.is_heads = report.heads && report.heads->n_heads > 0;
    entry.words = reportWords(report);
    if (entry.is_linked)
        entry.bytes = entry.listed_bytes = qint64(report.n_bytes);
    if (!report.problems.empty())
        entry.problem = QString::fromStdString(report.problems.front());
    else if (!entry.is_model && !entry.is_heads)
        entry.problem = QObject::tr("Neither a model nor heads that can be read here.");
    if (entry.is_model) {
        entry.width = report.config->dim;
        entry.vocab = report.config->vocab_size;
    } else if (entry.is_heads) {
        entry.width = report.heads->width;
        entry.vocab = report.heads->vocab_rows;
    }
}

} // namespace gorgon
