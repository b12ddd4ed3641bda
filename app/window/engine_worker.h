// SPDX-License-Identifier: GPL-3.0-or-later
// Model, tokenizer and engine on a thread of their own; exceptions become signals.
#pragma once

#include "app/window/chat_prompt.h"
#include "app/window/live_settings.h"
#include "app/window/load_failure.h"
#include "app/window/open_model.h"
#include "app/window/session_pool.h"
#include "app/window/token_labels.h"
#include "app/window/turn.h"
#include "app/window/window_options.h"
#include "core/eval/tree_tuner.h"
#include "ui/chat/chat_values.h"
#include "ui/details/model_details.h"
#include "ui/plots/cost_view.h"
#include "ui/prompt/prompt_view.h"

#include <QObject>
#include <QVector>

namespace gorgon {

class EngineWorker : public QObject
{
    Q_OBJECT

public:
    EngineWorker(
        const WindowOptions& options, std::shared_ptr<LiveSettings> settings, std::stop_token quit);
    ~EngineWorker() override;

public slots:
    /// Replaces the model in use, or its heads alone where nothing else differs: then its weights
    /// and the conversations' caches stay. Where that fails it stays in use, unless memory was
    /// short for both.
    virtual void open(const gorgon::ModelChoice& choice, const std::stop_token& stop);
    /// Of the models opened from now on; 0: their own, at most 4096.
    void setContext(qint64 context) { m_options.context = context; }
    void setDevice(const QString& device) { m_options.device = device.toStdString(); }
    /// "": the model's own.
    virtual void chooseTemplate(const QString& name);
    virtual void answer(const gorgon::Turn& turn);
    /// Tokens of a conversation, for the context meter.
    virtual void countContext(const gorgon::Conversation& conversation);
    /// Times a plain step and one with the tree of the settings now in force, for a fraction of a
    /// second at most.
    virtual void measureCosts(const std::stop_token& stop);
    /// Times steps, counts hits of the heads where none are known, and answers with treeFound.
    virtual void findFastestTree(const std::stop_token& stop);

signals:
    void loadProgressed(int percent);
    void loaded(const gorgon::ModelSummary& model, const QVector<gorgon::TreeSpec>& trees,
        const gorgon::GenerateSettings& defaults);
    /// No sentence: it was stopped.
    void loadFailed(const QString& sentence, bool model_kept,
        gorgon::LoadRemedy remedy = gorgon::LoadRemedy::other_model);
    void detailsRead(const gorgon::ModelDetails& details);
    void templatesRead(const gorgon::TemplateChoice& templates);
    void promptMade(const gorgon::PromptView& prompt); // what the next answer continues
    /// No choices: plain decoding is the fastest here.
    void treeFound(const gorgon::TreeSpec& tree, const QString& sentence);
    /// The tree "auto" in use has other choices now; a sentence where it ended or began to pay.
    void treeTuned(const gorgon::TreeSpec& tree, const QString& sentence);
    void costsMeasured(double plain_us, double tree_us);
    void costCurveKnown(const gorgon::CostView& costs);
    void promptRead(int done, int total);
    void noticed(const QString& sentence); // worth knowing, no failure
    void progressed(const gorgon::AnswerProgress& progress);
    void partial(qint64 conversation, const gorgon::Message& answer);
    void answered(qint64 conversation, const gorgon::Message& answer);
    void failed(const QString& sentence);
    void deviceFailed(const QString& sentence); // the same; it computes no more
    void contextCounted(qint64 conversation, int tokens);

private:
    ModelSummary summary() const;
    QVector<TreeSpec> trees() const;
    void announce();
    void generate(const Turn& turn);
    void showPrompt(qint64 conversation, const ChatPrompt& prompt);
    void readTuning();
    void showCurve();
    void tune(const DecodeStep& step, bool in_use);
    void tellLimitation();

    WindowOptions m_options;
    std::shared_ptr<LiveSettings> m_settings;
    std::stop_token m_quit; // the program ends
    OpenModel m_open; // no engine: none is loaded
    ModelChoice m_choice; // of m_open
    int64_t m_context = 0; // that was asked for with it
    std::shared_ptr<const ChatTemplate> m_template; // in use: the model's own or a chosen one
    QString m_template_name; // of a chosen one
    std::unique_ptr<TokenLabels> m_labels;
    SessionPool m_sessions;
    TreeTuner m_tuner; // without a curve: steps were not timed yet
    std::filesystem::path m_cost_file;
    std::string m_told_limitation; // of the backend in use
};

} // namespace gorgon
