// SPDX-License-Identifier: GPL-3.0-or-later
// Opening models: chosen, dropped or used before.
#include "app/window/engine_host.h"
#include "app/window/engine_worker.h"
#include "app/window/store_worker.h"
#include "app/window/used_models.h"
#include "ui/chat/chat_panel.h"
#include "ui/chat/notice_bar.h"
#include "ui/main_window.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QPointer>
#include <QThreadPool>

namespace gorgon {

namespace {

/// Whether only other heads were asked for.
bool isHeadsAlone(const ModelChoice& in_use, const ModelChoice& asked)
{
    return in_use.model == asked.model && in_use.weights == asked.weights
        && in_use.context == asked.context;
}

} // namespace

void EngineHost::open(const ModelChoice& choice)
{
    stop();
    keepSettings(); // they are read again when it is open
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

void EngineHost::showLoadFailure(const QString& sentence, bool kept, LoadRemedy remedy)
{
    using Phase = EngineStatus::Phase;
    if (!kept)
        m_window->setModel({});
    setPhase(kept ? Phase::ready : sentence.isEmpty() ? Phase::no_model : Phase::failed);
    if (sentence.isEmpty())
        return;
    const std::filesystem::path demo_folder = findDemoModel();
    std::error_code ignored;
    const bool has_demo = std::filesystem::exists(demo_folder / "config.json", ignored);
    const QString demo = QString::fromStdU16String(demo_folder.u16string());
    QString name;
    std::function<void()> action;
    if (remedy == LoadRemedy::own_context) {
        name = tr("Use the model's own context");
        action = [this, again = m_opening]() mutable {
            m_options.context = again.context = 0;
            QMetaObject::invokeMethod(m_engine, [engine = m_engine] { engine->setContext(0); });
            open(again);
        };
    } else if (kept && isHeadsAlone(m_choice, m_opening)) {
        name.clear(); // those used before are as they were
    } else if (remedy == LoadRemedy::other_heads && !m_opening.heads.isEmpty()) {
        name = tr("Open without these heads");
        action = [this, again = m_opening]() mutable {
            again.heads.clear();
            open(again);
        };
    } else if (remedy == LoadRemedy::processor) {
        name = tr("Load it on the CPU");
        action = [this, again = m_opening] { openOnProcessor(again); };
    } else if (!kept && has_demo && m_opening.model != demo) {
        name = tr("Open the demo model");
        action = [this, demo] { open({demo, {}, {}}); };
    }
    const QString cause = sentence.endsWith(QLatin1Char('.')) ? sentence.chopped(1) : sentence;
    const QString end = isHeadsAlone(m_choice, m_opening)
        ? tr("%1. The heads used before stay in use.")
        : tr("%1. The model loaded before stays in use.");
    m_window->chat()->notice()->showError(kept ? end.arg(cause) : sentence, name, action);
}

void EngineHost::offerProcessor(const QString& sentence)
{
    m_failed = true;
    const auto action = [this, again = m_choice] { openOnProcessor(again); };
    m_window->chat()->notice()->showError(sentence, tr("Load it again on the CPU"), action);
}

void EngineHost::openOnProcessor(const ModelChoice& choice)
{
    m_options.device = "cpu";
    QMetaObject::invokeMethod(
        m_engine, [engine = m_engine] { engine->setDevice(QStringLiteral("cpu")); });
    open(choice);
}

void EngineHost::openDropped(const PathReport& report)
{
    if (report.kind == PathReport::Kind::nothing) {
        m_window->showError(QStringLiteral("%1: %2").arg(report.path, report.problem));
        return;
    }
    ModelChoice choice = m_choice;
    if (report.kind == PathReport::Kind::model)
        choice = {report.path, {}, m_choice.weights};
    else
        choice.heads = report.path;
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
    m_choice.used_s = QDateTime::currentSecsSinceEpoch();
    m_used.removeAll(m_choice);
    m_used.prepend(m_choice);
    if (m_used.size() > kMostUsedModels)
        m_used.resize(kMostUsedModels);
    m_window->setModelChoices(m_choice, m_used, weightFormats());
    if (m_used_read)
        QMetaObject::invokeMethod(m_store,
            [store = m_store, text = usedModelsText(m_used)] { store->saveUsedModels(text); });
}

void EngineHost::forgetModel(const QString& path)
{
    m_used.removeIf(
        [&](const ModelChoice& choice) { return choice.model == path || choice.heads == path; });
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
