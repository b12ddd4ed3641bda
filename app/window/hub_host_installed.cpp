// SPDX-License-Identifier: GPL-3.0-or-later
// What is on this computer: in the cache, and in folders that were opened where they lie.
#include "app/window/cache_worker.h"
#include "app/window/hub_host.h"
#include "app/window/hub_views.h"
#include "app/window/installed_facts.h"
#include "ui/main_window.h"
#include "ui/models/hub_words.h"

#include <algorithm>

namespace gorgon {

void HubHost::list()
{
    if (!m_context)
        return;
    listLinked();
    QMetaObject::invokeMethod(
        m_disk, [disk = m_disk, cache = m_context->settings.cache] { disk->list(cache); });
}

/// Folders that were opened where they lie.
void HubHost::listLinked()
{
    const QString cache = toText(m_context->settings.cache) + QLatin1Char('/');
    QVector<InstalledEntry> entries;
    const auto add = [&](const QString& path, qint64 used_s) {
        const bool known = std::any_of(entries.begin(), entries.end(),
            [&](const InstalledEntry& each) { return each.folder == path; });
        if (path.isEmpty() || path == QLatin1String("none") || path.startsWith(cache) || known
            || isDemoModel(std::filesystem::path(path.toStdU16String())))
            return;
        InstalledEntry entry;
        entry.repository = entry.folder = path;
        entry.is_linked = true;
        entry.used_s = used_s;
        entries.append(entry);
    };
    for (const ModelChoice& choice : m_window->usedModels()) {
        add(choice.model, choice.used_s);
        add(choice.heads, choice.used_s);
    }
    QMetaObject::invokeMethod(m_disk, [this, entries]() mutable {
        for (InstalledEntry& entry : entries)
            readInstalled(entry);
        QMetaObject::invokeMethod(
            this,
            [this, entries] {
                m_linked = entries;
                showInstalled();
            },
            Qt::QueuedConnection);
    });
}

void HubHost::showInstalled()
{
    if (!m_cache_listed)
        return; // it follows within a moment
    m_installed = m_in_cache + m_linked;
    for (InstalledEntry& entry : m_installed) {
        if (entry.is_model)
            entry.heads = headsThatFit(m_installed, entry.width, entry.vocab);
    }
    m_window->setInstalled(m_installed);
    openWhenHere();
}

} // namespace gorgon
