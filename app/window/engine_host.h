// SPDX-License-Identifier: GPL-3.0-or-later
// Owns the threads of the engine and of the conversations, and every connection between them and
// the window.
#pragma once

#include "app/window/live_settings.h"
#include "app/window/load_failure.h"
#include "app/window/turn.h"
#include "app/window/window_options.h"
#include "ui/chat/chat_values.h"
#include "ui/models/model_choice.h"

#include <QDeadlineTimer>
#include <QObject>
#include <QThread>

#include <functional>
#include <memory>
#include <optional>

class QTimer;

namespace gorgon {

class EngineWorker;
class MainWindow;
class StoreWorker;

class EngineHost : public QObject
{
    Q_OBJECT

public:
    using MakeWorker = std::function<EngineWorker*(
        const WindowOptions&, std::shared_ptr<LiveSettings>, std::stop_token)>;

    /// make_worker: another engine, for tests.
    EngineHost(
        const WindowOptions& options, MainWindow* window, const MakeWorker& make_worker = {});
    ~EngineHost() override;

    /// Opens the conversations and loads the model, both elsewhere; returns at once.
    void start();
    /// Tells the threads to end and waits for none.
    void beginEnd();
    /// Stops an answer, saves it, ends the threads; within two seconds of beginEnd.
    void shutDown();

    bool isAnswering() const { return m_turn.conversation != 0; }

signals:
    void opened(); // layout and conversations are in the window
    void modelReady();
    void answerFinished();

private:
    void connectEngine();
    void connectStore();
    void connectWindow();
    void request(TurnRequest::Kind kind, qint64 conversation, qint64 message, const QString& text);
    void beginTurn(const Turn& turn);
    void finishTurn(qint64 conversation, const Message& answer);
    void showConversation(const Conversation& conversation, const QString& draft);
    void stop();
    void setPhase(EngineStatus::Phase phase, int done = 0, int total = 0);
    /// Opens a model; an answer in the making is stopped first.
    void open(const ModelChoice& choice);
    void openDropped(const PathReport& report);
    void inspectPath(const QString& path, std::function<void(const PathReport&)> then);
    /// The cause, and a button for what may help.
    void showLoadFailure(const QString& sentence, bool kept, LoadRemedy remedy);
    /// The same where a device broke down while it computed.
    void offerProcessor(const QString& sentence);
    void openOnProcessor(const ModelChoice& choice);
    void offerModels();
    void forgetModel(const QString& path); // among those used before
    void addUsedModels(const QString& text); // as the store kept them
    void settingsEdited(const GenerateSettings& settings);
    void keepSettings();
    void measureCosts();
    /// The chat on the screen, for the context meter: after another model came.
    void countShown();

    WindowOptions m_options;
    MainWindow* m_window;
    std::shared_ptr<LiveSettings> m_settings;
    int m_n_heads = 0; // of the loaded model
    QString m_model_path;
    ModelChoice m_choice; // in use
    ModelChoice m_opening; // being loaded
    QVector<ModelChoice> m_used; // the newest first
    bool m_used_read = false; // the store's are among them
    std::stop_source m_stop_loading;
    std::stop_source m_stop_timing; // an answer goes before figures
    QVector<TreeSpec> m_trees; // offered for it
    bool m_settings_edited = false; // since they were saved
    bool m_costs_known = false; // of the settings in force
    bool m_curve_known = false; // of the model in use
    std::stop_source m_quit;
    std::stop_source m_stop; // of the answer in the making
    QThread m_engine_thread;
    QThread m_store_thread;
    EngineWorker* m_engine;
    StoreWorker* m_store;
    QTimer* m_cost_timer; // settings rest this long before they are timed
    EngineStatus m_status;
    Turn m_turn; // conversation 0: none
    QString m_answer_text; // of the turn, so far
    bool m_failed = false; // in this turn
    std::optional<QDeadlineTimer> m_deadline; // of the end
    bool m_shut_down = false;
};

} // namespace gorgon
