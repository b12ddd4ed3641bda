// SPDX-License-Identifier: GPL-3.0-or-later
// An engine that answers by rote: a word a step, at a pace of its own, until it is stopped.
#pragma once

#include "app/window/engine_worker.h"

#include <QThread>

#include <atomic>

namespace gorgon::tests {

struct FakePace
{
    int n_steps = 40;
    int step_ms = 2;
    bool load_fails = false;
    bool answer_fails = false;
};

class FakeEngineWorker : public EngineWorker
{
    Q_OBJECT

public:
    FakeEngineWorker(const WindowOptions& options, std::shared_ptr<LiveSettings> settings,
        std::stop_token quit, FakePace pace)
        : EngineWorker(options, std::move(settings), std::move(quit))
        , m_pace(pace)
    {
    }

    static inline std::atomic<int> s_steps_after_stop
        = 0; // steps begun after the stop was asked for

public slots:
    void open(const ModelChoice&, const std::stop_token&) override
    {
        if (m_pace.load_fails) {
            emit loadFailed(
                QStringLiteral("config.json: expected a model, found none; choose another."),
                false);
            return;
        }
        emit loadProgressed(43);
        ModelSummary model;
        model.name = QStringLiteral("Rote");
        model.n_heads = 2;
        model.context = 512;
        model.device = QStringLiteral("CPU, 1 thread");
        GenerateSettings defaults;
        defaults.tree = {"two", {{0}, {0, 0}}};
        emit loaded(model, {defaults.tree}, defaults);
    }

    void answer(const Turn& turn) override
    {
        Message answer = turn.answer;
        if (m_pace.answer_fails) {
            answer.state = MessageState::failed;
            emit failed(QStringLiteral("The model produced invalid numbers; load it again."));
            emit answered(turn.conversation, answer);
            return;
        }
        emit promptRead(1, 1);
        for (int i = 0; i < m_pace.n_steps && !turn.stop.stop_requested(); ++i) {
            QThread::msleep(static_cast<unsigned long>(m_pace.step_ms));
            if (turn.stop.stop_requested())
                ++s_steps_after_stop;
            auto view = QSharedPointer<StepView>::create();
            view->step.index = i;
            view->step.tokens = {i};
            view->step.path = {0};
            view->step.nodes.resize(3);
            view->node_labels = view->choice_labels = QStringList{"a", "b", "c"};
            view->emitted_labels = QStringList{"a"};
            view->message_id = answer.id;
            AnswerProgress progress;
            progress.conversation = turn.conversation;
            progress.message = answer.id;
            progress.text = QStringLiteral("word%1 ").arg(i);
            answer.text += progress.text.toStdString();
            answer.stats = {i + 1, i + 1, 1, double(i + 1)};
            progress.stats = answer.stats;
            progress.context_used = i + 1;
            progress.steps = {view};
            emit progressed(progress);
            if (i % 10 == 0)
                emit partial(turn.conversation, answer);
        }
        answer.state = turn.stop.stop_requested() ? MessageState::stopped : MessageState::complete;
        emit answered(turn.conversation, answer);
    }

    void countContext(const Conversation& conversation) override
    {
        emit contextCounted(conversation.summary.id, int(conversation.messages.size()) * 10);
    }

    void measureCosts(const std::stop_token&) override { emit costsMeasured(1000, 1400); }

private:
    FakePace m_pace;
};

} // namespace gorgon::tests
