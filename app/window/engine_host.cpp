// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/engine_host.h"

#include "app/window/custom_tree.h"
#include "app/window/engine_worker.h"
#include "app/window/settings_json.h"
#include "app/window/store_worker.h"
#include "ui/chat/chat_panel.h"
#include "ui/chat/conversation_panel.h"
#include "ui/chat/notice_bar.h"
#include "ui/details/details_panel.h"
#include "ui/main_window.h"
#include "ui/prompt/prompt_panel.h"
#include "ui/tuning/tuning_panel.h"

#include <QSemaphore>
#include <QTimer>

#include <cstdlib>
#include <utility>

namespace gorgon {

namespace {

constexpr int kEndMs = 2000; // both threads together, from when they are told
constexpr int kCostMs = 600;

} // namespace

EngineHost::EngineHost(
    const WindowOptions& options, MainWindow* window, const MakeWorker& make_worker)
    : m_options(options)
    , m_window(window)
    , m_settings(std::make_shared<LiveSettings>())
    , m_engine(make_worker ? make_worker(options, m_settings, m_quit.get_token())
                           : new EngineWorker(options, m_settings, m_quit.get_token()))
    , m_store(new StoreWorker(options.data_folder / "conversations.sqlite"))
    , m_cost_timer(new QTimer(this))
{
    m_engine_thread.setObjectName(QStringLiteral("engine"));
    m_store_thread.setObjectName(QStringLiteral("conversations"));
    m_engine->moveToThread(&m_engine_thread);
    m_store->moveToThread(&m_store_thread);
    connect(&m_engine_thread, &QThread::finished, m_engine, &QObject::deleteLater);
    connect(&m_store_thread, &QThread::finished, m_store, &QObject::deleteLater);
    m_cost_timer->setSingleShot(true);
    m_cost_timer->setInterval(kCostMs);
    connect(m_cost_timer, &QTimer::timeout, this, &EngineHost::measureCosts);
    connect(m_cost_timer, &QTimer::timeout, this, &EngineHost::keepSettings);
    connectEngine();
    connectStore();
    connectWindow();
}

EngineHost::~EngineHost()
{
    shutDown();
}

void EngineHost::start()
{
    m_engine_thread.start();
    m_store_thread.start();
    QMetaObject::invokeMethod(m_store, &StoreWorker::open, Qt::QueuedConnection);
    open({QString::fromStdU16String(m_options.model.u16string()),
        QString::fromStdString(m_options.heads), {}});
}

void EngineHost::connectEngine()
{
    using Phase = EngineStatus::Phase;
    connect(m_engine, &EngineWorker::loadProgressed, this,
        [this](int percent) { setPhase(Phase::loading, percent, 100); });
    connect(m_engine, &EngineWorker::loaded, this,
        [this](const ModelSummary& model, const QVector<TreeSpec>& trees,
            const GenerateSettings& defaults) {
            m_choice = m_opening;
            offerModels();
            m_n_heads = model.n_heads;
            m_model_path = model.path;
            m_trees = trees;
            m_window->setModel(model);
            countShown();
            m_window->tuning()->setTrees(trees);
            m_window->setSettings(defaults);
            setPhase(Phase::ready);
            QMetaObject::invokeMethod(
                m_store, [store = m_store, path = model.path] { store->readSettings(path); });
            measureCosts();
            emit modelReady();
        });
    connect(m_engine, &EngineWorker::loadFailed, this, &EngineHost::showLoadFailure);
    connect(m_engine, &EngineWorker::detailsRead, m_window->details(), &DetailsPanel::setDetails);
    connect(m_engine, &EngineWorker::templatesRead, m_window->prompt(), &PromptPanel::setTemplates);
    connect(m_engine, &EngineWorker::promptMade, this, [this](const PromptView& prompt) {
        if (prompt.conversation == m_window->chat()->conversation())
            m_window->prompt()->setPrompt(prompt);
    });
    connect(m_engine, &EngineWorker::costsMeasured, m_window, &MainWindow::setStepCosts);
    connect(m_engine, &EngineWorker::costsMeasured, this, [this] { m_costs_known = true; });
    connect(m_engine, &EngineWorker::costCurveKnown, m_window, &MainWindow::setCostCurve);
    connect(m_engine, &EngineWorker::costCurveKnown, this,
        [this](const CostView& costs) { m_curve_known = !costs.step_us.isEmpty(); });
    connect(m_engine, &EngineWorker::treeTuned, this,
        [this](const TreeSpec& tree, const QString& sentence) {
            m_window->tuning()->showTunedTree(tree);
            if (!sentence.isEmpty())
                m_window->showNotice(sentence);
        });
    connect(m_engine, &EngineWorker::treeFound, this,
        [this](const TreeSpec& tree, const QString& sentence) {
            m_window->tuning()->setCustomTree(tree);
            m_window->showNotice(sentence);
        });
    connect(m_engine, &EngineWorker::promptRead, this, [this](int done, int total) {
        if (m_status.phase != Phase::stopping)
            setPhase(Phase::reading_prompt, done, total);
    });
    connect(m_engine, &EngineWorker::noticed, m_window, &MainWindow::showNotice);
    connect(m_engine, &EngineWorker::progressed, this, [this](const AnswerProgress& progress) {
        m_answer_text += progress.text;
        m_turn.answer.stats = progress.stats;
        if (m_status.phase != Phase::generating && m_status.phase != Phase::stopping)
            setPhase(Phase::generating);
        m_window->addProgress(progress);
    });
    connect(m_engine, &EngineWorker::failed, this, [this](const QString& sentence) {
        m_failed = true;
        m_window->showError(sentence);
    });
    connect(m_engine, &EngineWorker::deviceFailed, this, &EngineHost::offerProcessor);
    connect(m_engine, &EngineWorker::partial, m_store, &StoreWorker::savePartial);
    connect(m_engine, &EngineWorker::answered, m_store, &StoreWorker::saveAnswer);
    connect(m_engine, &EngineWorker::answered, this, &EngineHost::finishTurn);
    connect(m_engine, &EngineWorker::contextCounted, m_window->chat(), &ChatPanel::setContext);
}

void EngineHost::connectStore()
{
    connect(m_store, &StoreWorker::listed, m_window->conversations(),
        &ConversationPanel::setConversations);
    connect(
        m_store, &StoreWorker::opened, this, [this](const QString& layout, const QString& draft) {
            m_window->setLayoutText(layout);
            if (m_options.pace)
                m_window->setPace(*m_options.pace);
            m_window->chat()->showConversation({}, draft);
            emit opened();
        });
    connect(m_store, &StoreWorker::conversationRead, this, &EngineHost::showConversation);
    connect(m_store, &StoreWorker::conversationRead, m_engine, &EngineWorker::countContext);
    connect(m_store, &StoreWorker::turnBegan, this, &EngineHost::beginTurn);
    connect(m_store, &StoreWorker::turnRefused, m_window->chat(), &ChatPanel::refuseTurn);
    connect(m_store, &StoreWorker::usedModelsRead, this, &EngineHost::addUsedModels);
    connect(m_store, &StoreWorker::settingsRead, this, [this](const QString& text) {
        const GenerateSettings defaults = m_window->tuning()->settings();
        const GenerateSettings kept
            = readKeptSettings(text.toStdString(), defaults, m_trees, m_n_heads);
        if (kept == defaults)
            return;
        m_window->restoreSettings(kept);
        m_settings->set(kept);
        m_cost_timer->start();
    });
    connect(m_store, &StoreWorker::removed, m_window, &MainWindow::offerUndo);
    connect(m_store, &StoreWorker::failed, m_window, &MainWindow::showError);
    connect(m_store, &StoreWorker::notKept, m_window->chat()->notice(), &NoticeBar::setStanding);
}

void EngineHost::connectWindow()
{
    using Kind = TurnRequest::Kind;
    ChatPanel* chat = m_window->chat();
    ConversationPanel* list = m_window->conversations();
    connect(chat, &ChatPanel::sent, this, [this](qint64 conversation, const QString& text) {
        request(Kind::send, conversation, 0, text);
    });
    connect(chat, &ChatPanel::edited, this,
        [this](qint64 conversation, qint64 message, const QString& text) {
            request(Kind::edit, conversation, message, text);
        });
    connect(
        chat, &ChatPanel::regenerateRequested, this, [this](qint64 conversation, qint64 message) {
            request(Kind::regenerate, conversation, message, {});
        });
    connect(chat, &ChatPanel::stopRequested, this, &EngineHost::stop);
    connect(chat, &ChatPanel::draftChanged, m_store, &StoreWorker::saveDraft);
    connect(list, &ConversationPanel::newChatRequested, this, [this, chat, list] {
        chat->startNew();
        list->setCurrent(0);
        m_window->prompt()->setPrompt({});
    });
    connect(
        m_window->prompt(), &PromptPanel::templateChosen, this, [this, chat](const QString& name) {
            QMetaObject::invokeMethod(
                m_engine, [engine = m_engine, name] { engine->chooseTemplate(name); });
            if (chat->conversation() != 0) // shown again as the new template writes it
                QMetaObject::invokeMethod(m_store,
                    [store = m_store, id = chat->conversation()] { store->openConversation(id); });
        });
    connect(m_window, &MainWindow::modelChosen, this, &EngineHost::open);
    connect(m_window, &MainWindow::forgetRequested, this, &EngineHost::forgetModel);
    connect(m_window, &MainWindow::inspectRequested, this, [this](const QString& path) {
        inspectPath(path, [this](const PathReport& report) { m_window->showPathReport(report); });
    });
    connect(m_window, &MainWindow::pathDropped, this, [this](const QString& path) {
        inspectPath(path, [this](const PathReport& report) { openDropped(report); });
    });
    connect(list, &ConversationPanel::opened, m_store, &StoreWorker::openConversation);
    connect(list, &ConversationPanel::renamed, m_store, &StoreWorker::rename);
    connect(list, &ConversationPanel::removeRequested, this,
        [this, chat, list](qint64 id, const QString& title) {
            if (m_turn.conversation == id)
                stop();
            if (chat->conversation() == id) {
                chat->startNew();
                list->setCurrent(0);
            }
            QMetaObject::invokeMethod(
                m_store, [store = m_store, id, title] { store->remove(id, title); });
        });
    connect(m_window, &MainWindow::restoreRequested, m_store, &StoreWorker::restore);
    connect(m_window, &MainWindow::settingsChanged, this, &EngineHost::settingsEdited);
    connect(m_window, &MainWindow::paceChanged, this,
        [this](int steps_per_second) { m_settings->setPace(steps_per_second); });
    if (m_options.pace)
        m_window->setPace(*m_options.pace);
    connect(m_window, &MainWindow::layoutChanged, this, [this] {
        const QString layout = m_window->layoutText();
        QMetaObject::invokeMethod(
            m_store, [store = m_store, layout] { store->saveLayout(layout); });
    });
    connect(m_window, &MainWindow::ending, this, &EngineHost::beginEnd);
    connect(m_window, &MainWindow::closing, this, &EngineHost::shutDown);
    connect(m_window->tuning(), &TuningPanel::fastestTreeRequested, this, [this] {
        m_stop_timing = {};
        QMetaObject::invokeMethod(m_engine, [engine = m_engine, stop = m_stop_timing.get_token()] {
            engine->findFastestTree(stop);
        });
    });
    connect(m_window->tuning(), &TuningPanel::customTreeEntered, this, [this](const QString& text) {
        TreeSpec tree;
        QString problem = readCustomTree(text, tree);
        if (problem.isEmpty())
            problem = QString::fromStdString(unfillable(tree.choices, m_n_heads, kMaxTopK));
        if (problem.isEmpty())
            m_window->tuning()->setCustomTree(tree);
        else
            m_window->tuning()->setCustomTreeError(problem);
    });
}

void EngineHost::settingsEdited(const GenerateSettings& settings)
{
    m_settings->set(settings);
    m_settings_edited = true;
    m_costs_known = false;
    m_cost_timer->start();
}

void EngineHost::measureCosts()
{
    if (isAnswering()) { // its steps come first
        m_cost_timer->start();
        return;
    }
    m_stop_timing = {};
    QMetaObject::invokeMethod(m_engine,
        [engine = m_engine, stop = m_stop_timing.get_token()] { engine->measureCosts(stop); });
}

void EngineHost::countShown()
{
    Conversation shown = m_window->chat()->shownConversation();
    if (shown.summary.id != 0)
        QMetaObject::invokeMethod(m_engine,
            [engine = m_engine, whole = std::move(shown)] { engine->countContext(whole); });
}

void EngineHost::keepSettings()
{
    if (!std::exchange(m_settings_edited, false))
        return;
    const QString text = QString::fromStdString(keptSettings(m_settings->get()));
    QMetaObject::invokeMethod(
        m_store, [store = m_store, path = m_model_path, text] { store->saveSettings(path, text); });
}

void EngineHost::request(
    TurnRequest::Kind kind, qint64 conversation, qint64 message, const QString& text)
{
    if (isAnswering()) {
        m_window->chat()->refuseTurn(tr("An answer is being written; stop it first."));
        return;
    }
    m_stop_timing.request_stop();
    m_cost_timer->stop();
    const TurnRequest turn{kind, conversation, message, text};
    QMetaObject::invokeMethod(m_store, [store = m_store, turn] { store->beginTurn(turn); });
}

void EngineHost::beginTurn(const Turn& turn)
{
    m_stop = {};
    m_failed = false;
    m_turn = turn;
    m_turn.stop = m_stop.get_token();
    m_answer_text.clear();
    setPhase(EngineStatus::Phase::reading_prompt);
    m_window->chat()->beginTurn(turn.conversation, turn.is_new, turn.truncated_from, turn.added);
    m_window->conversations()->setCurrent(m_window->chat()->conversation());
    m_window->conversations()->setBusy(turn.conversation);
    QMetaObject::invokeMethod(
        m_engine, [engine = m_engine, whole = m_turn] { engine->answer(whole); });
}

void EngineHost::finishTurn(qint64 conversation, const Message& answer)
{
    using Phase = EngineStatus::Phase;
    m_turn = {};
    m_window->conversations()->setBusy(0);
    setPhase(m_failed                               ? Phase::failed
            : answer.state == MessageState::stopped ? Phase::stopped
                                                    : Phase::ready);
    m_window->chat()->finishAnswer(conversation, answer);
    if (m_settings_edited || !m_costs_known || !m_curve_known)
        m_cost_timer->start();
    emit answerFinished();
}

void EngineHost::showConversation(const Conversation& conversation, const QString& draft)
{
    Conversation shown = conversation;
    // On disk an answer in the making is up to a second old.
    for (Message& message : shown.messages) {
        if (shown.summary.id == m_turn.conversation && message.id == m_turn.answer.id) {
            message.text = m_answer_text.toStdString();
            message.state = MessageState::generating;
            message.stats = m_turn.answer.stats;
        }
    }
    m_window->chat()->showConversation(shown, draft);
    m_window->conversations()->setCurrent(shown.summary.id);
}

void EngineHost::stop()
{
    if (m_status.phase == EngineStatus::Phase::loading)
        m_stop_loading.request_stop();
    if (!isAnswering())
        return;
    m_stop.request_stop();
    setPhase(EngineStatus::Phase::stopping);
}

void EngineHost::setPhase(EngineStatus::Phase phase, int done, int total)
{
    m_status = {phase, done, total};
    m_window->setStatus(m_status);
}

void EngineHost::beginEnd()
{
    if (m_deadline)
        return;
    m_deadline.emplace(kEndMs);
    m_quit.request_stop();
    m_stop.request_stop();
    m_stop_loading.request_stop();
    m_stop_timing.request_stop();
}

void EngineHost::shutDown()
{
    if (m_shut_down)
        return;
    m_shut_down = true;
    beginEnd();
    const QDeadlineTimer deadline = *m_deadline;
    m_window->chat()->keepDraft();
    keepSettings();
    const QString layout = m_window->layoutText();
    m_engine_thread.quit();
    const bool engine_ended = m_engine_thread.wait(deadline);
    // The engine's last words are in the store's queue now; close() comes behind them.
    auto closed = std::make_shared<QSemaphore>();
    if (m_store_thread.isRunning()) {
        QMetaObject::invokeMethod(m_store, [store = m_store, layout, closed] {
            store->saveLayout(layout);
            store->close();
            closed->release();
        });
        closed->tryAcquire(1, int(deadline.remainingTime()));
    }
    m_store_thread.quit();
    const bool store_ended = m_store_thread.wait(deadline);
    // A thread that hangs in a device or a disk must not keep the program alive.
    if (!engine_ended || !store_ended)
        std::_Exit(store_ended ? EXIT_SUCCESS : EXIT_FAILURE);
}

} // namespace gorgon
