// SPDX-License-Identifier: GPL-3.0-or-later
// Opening models: chosen, dropped or used before.
#include "app/window/engine_host.h"
#include "app/window/engine_worker.h"
#include "app/window/store_worker.h"
#include "app/window/used_models.h"
#include "ui/main_window.h"

#include <QCoreApplication>
#include <QPointer>
#include <QThreadPool>

namespace gorgon {

void EngineHost::open(const ModelChoice& choice)
{
    stop();
    m_stop_timing.request_stop();
    m_costs_known = false;
    m_opening = choice;
    m_stop_loading = {};
    setPhase(EngineStatus::Phase::loading);
    QMetaObject::invokeMethod(
        m_engine, [engine = m_engine, choice, stop = m_stop_loading.get_token()] {
            engine->open(choice, stop);
        });
}

void EngineHost::openDropped(const PathReport& report)
{
    if (report.kind == PathReport::Kind::nothing) {
        m_window->showError(QStringLiteral("%1: %2").arg(report.path, report.problem));
        return;
    }
    ModelChoice choice;
    choice.weights = m_choice.weights;
    if (report.kind == PathReport::Kind::model) {
        choice.model = report.path;
    } else {
        choice.model = m_choice.model;
        choice.heads = report.path;
    }
    open(choice);
}

// Reads files: on a thread of its own, since the engine may be busy for long.
void EngineHost::inspectPath(const QString& path, std::function<void(const PathReport&)> then)
{
    QThreadPool::globalInstance()->start(
        [path, then = std::move(then), host = QPointer<EngineHost>(this)] {
            const PathReport report = reportPath(path);
            // note: the pointer is looked at on the window's thread only, where the host lives.
            QMetaObject::invokeMethod(QCoreApplication::instance(), [host, then, report] {
                if (host && !host->m_shut_down)
                    then(report);
            });
        });
}

/// The model in use goes to the front of those used before.
void EngineHost::offerModels()
{
    m_used.removeAll(m_choice);
    m_used.prepend(m_choice);
    if (m_used.size() > kMostUsedModels)
        m_used.resize(kMostUsedModels);
    m_window->setModelChoices(m_choice, m_used, weightFormats());
    if (m_used_read)
        QMetaObject::invokeMethod(m_store,
            [store = m_store, text = usedModelsText(m_used)] { store->saveUsedModels(text); });
}

void EngineHost::addUsedModels(const QString& text)
{
    m_used_read = true;
    for (const ModelChoice& choice : readUsedModels(text)) {
        if (!m_used.contains(choice) && m_used.size() < kMostUsedModels)
            m_used.append(choice);
    }
    m_window->setModelChoices(m_choice, m_used, weightFormats());
    if (!m_used.isEmpty())
        QMetaObject::invokeMethod(m_store,
            [store = m_store, all = usedModelsText(m_used)] { store->saveUsedModels(all); });
}

} // namespace gorgon
