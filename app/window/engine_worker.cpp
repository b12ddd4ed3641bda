// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/engine_worker.h"

#include "app/window/answer_feed.h"
#include "app/window/answer_settings.h"
#include "app/window/chat_prompt.h"
#include "app/window/model_details.h"
#include "app/window/prompt_words.h"
#include "app/window/step_pace.h"
#include "core/chat/text_generator.h"
#include "core/decode/tree_choices.h"
#include "core/eval/auto_tree.h"
#include "core/eval/benchmark.h"
#include "core/eval/kept_costs.h"
#include "core/model/available_memory.h"
#include "core/model/inspect.h"
#include "core/model/user_cache.h"
#include "kernels/backend_failed.h"

#include <QDeadlineTimer>
#include <QLocale>

#include <algorithm>
#include <new>
#include <stdexcept>
#include <utility>

namespace gorgon {

namespace {

constexpr int kCostMs = 60;
constexpr int kOwnText = 16; // tokens of the model's own, from which it practises
constexpr double kFewSamples = 32; // of a head: fewer tell little
constexpr uint64_t kCostBytes = uint64_t(1)
    << 30; // larger models are not timed unasked: seconds of work

QString sentenceOf(const std::exception& error)
{
    if (dynamic_cast<const std::bad_alloc*>(&error))
        return QObject::tr(
            "Memory: there is not enough for this; use a shorter context or a smaller model.");
    return QString::fromUtf8(error.what());
}

/// Whether another model may be loaded while this one stays, by the size of its files.
bool fitsBeside(const ModelChoice& choice, const Model& model)
{
    std::optional<uint64_t> free_bytes = model.backend->freeMemory();
    if (!free_bytes)
        free_bytes = availableMemory();
    const ModelReport report = inspect(std::filesystem::path(choice.model.toStdU16String()));
    return !free_bytes || report.n_bytes + model.weight_bytes / 4 < *free_bytes / 2;
}

bool isSameFolder(const QString& one, const QString& other)
{
    std::error_code error;
    return one == other
        || std::filesystem::equivalent(std::filesystem::path(one.toStdU16String()),
            std::filesystem::path(other.toStdU16String()), error);
}

/// The model itself stays as it is.
bool differsInHeads(const ModelChoice& one, const ModelChoice& other)
{
    return one.heads != other.heads && one.weights == other.weights && one.context == other.context
        && isSameFolder(one.model, other.model);
}

} // namespace

EngineWorker::EngineWorker(
    const WindowOptions& options, std::shared_ptr<LiveSettings> settings, std::stop_token quit)
    : m_options(options)
    , m_settings(std::move(settings))
    , m_quit(std::move(quit))
{
}

EngineWorker::~EngineWorker() = default;

void EngineWorker::open(const ModelChoice& choice, const std::stop_token& stop)
{
    try {
        emit loadProgressed(0);
        if (m_open.engine && differsInHeads(choice, m_choice) && m_options.context == m_context) {
            // The conversations' keys and values are the base model's: they stay.
            gorgon::swapHeads(
                m_open, choice, m_options, [this](int percent) { emit loadProgressed(percent); },
                stop);
            m_choice = choice;
            readTuning();
            announce();
            return;
        }
        if (m_open.engine && !fitsBeside(choice, m_open.model())) {
            m_sessions.clear(); // their caches may be larger than the model
            m_open = {};
        }
        OpenModel fresh = openModel(
            choice, m_options, [this](int percent) { emit loadProgressed(percent); }, stop);
        m_sessions.clear();
        m_open = std::move(fresh);
        m_choice = choice;
        m_context = m_options.context;
        m_told_limitation.clear();
        m_template = m_open.chat_template;
        m_template_name.clear();
        m_labels = std::make_unique<TokenLabels>(m_open.tokenizer);
        readTuning();
        announce();
    } catch (const LoadCancelled&) {
        emit loadFailed({}, bool(m_open.engine));
    } catch (const LoadFailure& failure) {
        emit loadFailed(QString::fromUtf8(failure.what()), bool(m_open.engine), failure.remedy);
    } catch (const std::exception& error) {
        emit loadFailed(sentenceOf(error), bool(m_open.engine));
    }
}

void EngineWorker::announce()
{
    GenerateSettings defaults;
    defaults.temperature = 0.7F;
    defaults.acceptance = AcceptanceMode::exact;
    defaults.tree = defaultTree(m_open.model());
    m_settings->set(defaults);
    emit loaded(summary(), trees(), defaults);
    emit detailsRead(modelDetails(m_open, summary()));
    emit templatesRead(templateChoice(m_open.chat_template.get(), m_template_name));
    showCurve();
    if (std::exchange(m_open.is_fallback, false)) // once, not with other heads again
        emit noticed(m_open.device_note);
    if (!m_template)
        emit noticed(tr("This model has no chat template: each message is its prompt, as typed. "
                        "Another one can be chosen under Prompt."));
}

/// What earlier runs of the program measured and counted.
void EngineWorker::readTuning()
{
    const Model& model = m_open.model();
    m_cost_file = costFile(userCacheFolder("costs"), model);
    m_tuner = {};
    if (std::optional<KeptCosts> kept = readKeptCosts(m_cost_file, model))
        m_tuner = {std::move(kept->curve), int(model.heads.size()), std::move(kept->hits)};
}

void EngineWorker::showCurve()
{
    const TreeWorths worths = m_tuner.worths();
    emit costCurveKnown({QVector<double>(worths.step_us.begin(), worths.step_us.end()),
        QVector<double>(worths.tokens.begin(), worths.tokens.end())});
}

/// Counts whatever tree is in use, so that the fastest is known when it is asked for.
void EngineWorker::tune(const DecodeStep& step, bool in_use)
{
    const bool drafted = !m_tuner.best().tree.choices.empty();
    if (!m_tuner.add(step) || !in_use)
        return;
    const bool drafts = !m_tuner.best().tree.choices.empty();
    emit treeTuned(m_tuner.best().tree,
        drafted == drafts ? QString()
            : drafts
            ? tr("The heads are right often enough again: a tree is drafted.")
            : tr("Drafting does not pay here at the moment: every step makes one token. The "
                 "heads are still asked now and then."));
}

/// What came up while the device computed, once.
void EngineWorker::tellLimitation()
{
    Backend& backend = *m_open.model().backend;
    if (const std::string limitation = backend.limitation(); limitation != m_told_limitation) {
        m_told_limitation = limitation;
        if (!limitation.empty()) // else it is over
            emit noticed(QString::fromStdString(backend.name() + " " + limitation + "."));
        emit detailsRead(modelDetails(m_open, summary()));
    }
}

void EngineWorker::chooseTemplate(const QString& name)
{
    m_template = name.isEmpty() ? m_open.chat_template : builtinChatTemplate(name.toStdString());
    m_template_name = name;
    emit templatesRead(templateChoice(m_open.chat_template.get(), m_template_name));
}

void EngineWorker::showPrompt(qint64 conversation, const ChatPrompt& prompt)
{
    emit promptMade(promptView(conversation, prompt, *m_open.tokenizer));
}

ModelSummary EngineWorker::summary() const
{
    const Model& model = m_open.model();
    ModelSummary summary;
    summary.name = modelName(model.path);
    summary.is_demo = isDemoModel(model.path);
    summary.n_heads = int(model.heads.size());
    const int n_threads = m_options.n_threads > 0 ? m_options.n_threads : usableThreads();
    const std::string device = model.backend->name();
    summary.device = device != "cpu" ? QString::fromStdString(device)
        : n_threads == 1             ? tr("CPU, 1 thread")
                                     : tr("CPU, %1 threads").arg(n_threads);
    summary.device_note = QString::fromStdString(model.backend->description());
    if (const std::string limitation = model.backend->limitation(); !limitation.empty())
        summary.device_note += QLatin1Char('\n') + QString::fromStdString(limitation);
    if (!m_open.device_note.isEmpty())
        summary.device_note += QLatin1Char('\n') + m_open.device_note;
    summary.weights = QString::fromLatin1(dtypeName(model.dtype));
    summary.context = int(model.context);
    summary.memory_bytes
        = qint64(model.memoryBytes() + m_open.engine->workspaceBytes() + kvCacheBytes(model));
    summary.path = QString::fromStdU16String(model.path.u16string());
    summary.width = model.config.dim;
    summary.vocab = model.config.vocab_size;
    return summary;
}

// The default first, then a chain, then those published trees of which at least two levels fit the
// heads.
QVector<TreeSpec> EngineWorker::trees() const
{
    const int n_heads = int(m_open.model().heads.size());
    QVector<TreeSpec> trees;
    if (n_heads == 0)
        return trees;
    trees << defaultTree(m_open.model()) << TreeSpec{"chain", chainChoices(n_heads)};
    for (const std::string& name : treeNames()) {
        TreeSpec tree = namedTree(name);
        tree.choices = fitChoices(tree.choices, n_heads, kMaxTopK, kMaxNodes);
        if (tree.name != trees.first().name)
            trees << tree;
    }
    return trees;
}

void EngineWorker::answer(const Turn& turn)
{
    try {
        if (!m_open.engine)
            throw std::runtime_error("No model is loaded; open one with Ctrl+O.");
        generate(turn);
    } catch (const std::exception& error) {
        // Before the first token: the prompt could not be made.
        Message answer = turn.answer;
        answer.state = MessageState::failed;
        emit failed(sentenceOf(error));
        emit answered(turn.conversation, answer);
    }
}

void EngineWorker::generate(const Turn& turn)
{
    const Model& model = m_open.model();
    const ChatPrompt prompt
        = makeChatPrompt(m_template.get(), *m_open.tokenizer, turn.history, model.context);
    if (prompt.n_left_out > 0)
        emit noticed(
            tr("The conversation is longer than the context of %1 tokens: the model no longer sees "
               "the oldest %n message(s).",
                nullptr, prompt.n_left_out)
                .arg(model.context));
    showPrompt(turn.conversation, prompt);
    AnswerFeed feed(turn, int(prompt.tokens.size()), *m_labels,
        {[this](const AnswerProgress& progress) { emit progressed(progress); },
            [this, &turn](const Message& answer) { emit partial(turn.conversation, answer); }});
    TextCallbacks callbacks;
    callbacks.on_prefill = [this](int done, int total) { emit promptRead(done, total); };
    StepPace pace(*m_settings);
    GenerateSettings in_force;
    uint64_t seen = 0;
    const auto source = [&]() -> const GenerateSettings& {
        m_settings->read(in_force, seen);
        if (in_force.tree.name == kAutoTree && !m_tuner.curve().empty())
            m_tuner.apply(in_force);
        else
            in_force.report_ranks = kReportedRanks, in_force.run_all_heads = false;
        return in_force;
    };
    callbacks.on_step = [&](const DecodeStep& step, const std::string& text) {
        feed.addStep(step, text);
        tune(step, in_force.tree.name == kAutoTree);
        if (pace.isSlowed())
            feed.flush();
        pace.wait(turn.stop, m_quit);
    };
    callbacks.on_end = [&](const std::string& rest) { feed.addRest(rest); };
    try {
        Session& session = m_sessions.get(*m_open.engine, turn.conversation);
        const GeneratedText generated = generateText(*m_open.engine, session, m_open.tokenizer,
            prompt.tokens, m_template != nullptr, source, callbacks, turn.stop);
        Message answer = feed.finish(&generated.result);
        answer.settings = answerSettingsJson(in_force, generated.result, feed.marks());
        emit answered(turn.conversation, answer);
        if (!m_tuner.curve().empty()) {
            m_tuner.endAnswer();
            keepTuning(m_cost_file, model, m_tuner);
            showCurve();
        }
        tellLimitation();
    } catch (const BackendFailed& error) {
        m_choice = {}; // whatever is opened next is opened whole
        m_sessions.drop(turn.conversation);
        emit deviceFailed(sentenceOf(error));
        emit answered(turn.conversation, feed.finish(nullptr));
    } catch (const std::exception& error) {
        m_sessions.drop(turn.conversation);
        emit failed(sentenceOf(error));
        emit answered(turn.conversation, feed.finish(nullptr));
    }
}

void EngineWorker::countContext(const Conversation& conversation)
{
    ChatPrompt prompt;
    try {
        if (m_open.engine && !conversation.messages.empty())
            prompt = makeChatPrompt(
                m_template.get(), *m_open.tokenizer, conversation.messages, m_open.model().context);
        if (m_open.engine)
            showPrompt(conversation.summary.id, prompt);
    } catch (const std::exception& error) {
        // The same text is refused with the same sentence when it is sent.
        PromptView view;
        view.conversation = conversation.summary.id;
        view.problem = sentenceOf(error);
        emit promptMade(view);
        return;
    }
    if (m_open.engine)
        emit contextCounted(conversation.summary.id, int(prompt.tokens.size()));
}

void EngineWorker::measureCosts(const std::stop_token& stop)
{
    if (!m_open.engine || m_open.model().heads.empty() || m_open.model().weight_bytes > kCostBytes)
        return;
    try {
        const GenerateSettings settings = m_settings->get();
        const Choices choices = fitChoices(settings.tree.choices,
            std::min(settings.n_heads, int(m_open.model().heads.size())), settings.head_top_k,
            settings.max_nodes);
        Session session = m_open.engine->makeSession();
        const CandidateTree tree = makeCandidateTree(choices);
        // The least of several: other programs take the processor from a long step more often than
        // from a short one. An answer does not wait for more than one round.
        const QDeadlineTimer enough(kCostMs);
        StepCosts costs;
        do {
            if (stop.stop_requested() || m_quit.stop_requested())
                return;
            const StepCosts now = measureStepCosts(*m_open.engine, session, tree, 1);
            costs.plain_us
                = costs.plain_us > 0 ? std::min(costs.plain_us, now.plain_us) : now.plain_us;
            costs.tree_us = costs.tree_us > 0 ? std::min(costs.tree_us, now.tree_us) : now.tree_us;
        } while (!enough.hasExpired());
        emit costsMeasured(costs.plain_us, choices.empty() ? 0 : costs.tree_us);
        if (m_tuner.curve().empty()) {
            m_tuner = makeTreeTuner(*m_open.engine, session, m_cost_file, false, {}, stop);
            showCurve();
        }
    } catch (const std::exception& error) {
        emit noticed(sentenceOf(error));
    }
}

void EngineWorker::findFastestTree(const std::stop_token& stop)
{
    if (!m_open.engine)
        return;
    try {
        Session session = m_open.engine->makeSession();
        if (m_tuner.curve().empty())
            m_tuner = makeTreeTuner(*m_open.engine, session, m_cost_file, false, {}, stop);
        if (!m_tuner.hits().empty() && m_tuner.hits().front().samples < kFewSamples) {
            const std::vector<int> prompt = ownText(*m_open.engine, session, kOwnText);
            GenerateSettings limits;
            uint64_t seen = 0;
            m_settings->read(limits, seen);
            practise(*m_open.engine, session, prompt, limits, m_tuner, stop);
            keepTuning(m_cost_file, m_open.model(), m_tuner);
        }
        showCurve();
        if (m_tuner.curve().empty() || stop.stop_requested()) {
            emit noticed(
                tr("The search for the fastest tree was stopped; ask for it again in Tune."));
            return;
        }
        const TunedTree& found = m_tuner.best();
        const auto ms = [](double us) { return QLocale().toString(us / 1e3, 'g', 2); };
        if (found.tree.choices.empty())
            emit treeFound(found.tree,
                tr("Every tree was slower than plain decoding here: no tree is used for now. The "
                   "heads are still asked now and then."));
        else
            emit treeFound(found.tree,
                tr("The fastest here has %1 nodes: %2 tokens a step are expected at %3 ms, "
                   "against %4 ms of a plain step. It is refined while you chat.")
                    .arg(found.tree.choices.size() + 1)
                    .arg(found.tokens_per_step, 0, 'f', 1)
                    .arg(ms(found.tree_us), ms(found.plain_us)));
    } catch (const std::exception& error) {
        emit noticed(sentenceOf(error));
    }
}

} // namespace gorgon
