// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/engine_worker.h"

#include "app/window/answer_feed.h"
#include "app/window/answer_settings.h"
#include "app/window/chat_prompt.h"
#include "core/chat/text_generator.h"
#include "core/decode/tree_choices.h"
#include "core/eval/auto_tree.h"
#include "core/eval/benchmark.h"

#include <QLocale>

#include <algorithm>
#include <new>
#include <stdexcept>

namespace gorgon {

namespace {

constexpr int kCostRepeats = 3;
constexpr int kCostRounds = 6;
constexpr int kOwnText = 16; // tokens of the model's own, behind which trees are timed
constexpr uint64_t kCostBytes = uint64_t(1)
    << 30; // larger models are not timed unasked: seconds of work

QString sentenceOf(const std::exception& error)
{
    if (dynamic_cast<const std::bad_alloc*>(&error))
        return QObject::tr(
            "Memory: there is not enough for this; use a shorter context or a smaller model.");
    return QString::fromUtf8(error.what());
}

// Of one conversation; keys and values are f32.
uint64_t cacheBytes(const Model& model)
{
    return uint64_t(model.context + kMaxNodes) * uint64_t(model.config.n_layers)
        * uint64_t(model.config.n_kv_heads) * uint64_t(model.config.head_dim) * 2 * sizeof(float);
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

void EngineWorker::load()
{
    try {
        if (m_options.model.empty())
            throw std::runtime_error(
                "Demo model: expected the folder resources/demo_model beside the program, "
                "found none; choose a model with --model FOLDER.");
        emit loadProgressed(0);
        LoadOptions load_options;
        load_options.model = m_options.model;
        load_options.no_heads = m_options.heads == "none";
        if (!m_options.heads.empty() && !load_options.no_heads)
            load_options.heads = m_options.heads;
        load_options.context = m_options.context;
        int shown = 0;
        const auto on_progress = [&](const LoadProgress& progress) {
            const int percent
                = progress.total_bytes ? int(progress.done_bytes * 100 / progress.total_bytes) : 0;
            if (percent != shown)
                emit loadProgressed(shown = percent);
        };
        m_tokenizer = loadTokenizer(m_options.model);
        m_template = loadChatTemplate(m_options.model, *m_tokenizer);
        m_labels = std::make_unique<TokenLabels>(m_tokenizer);
        std::shared_ptr<Backend> backend = makeCpuBackend({m_options.n_threads});
        m_engine = std::make_unique<Engine>(
            loadModel(std::move(backend), load_options, on_progress, m_quit));
        if (!m_template)
            emit noticed(
                tr("This model has no chat template: each message is its prompt, as typed."));
        GenerateSettings defaults;
        defaults.temperature = 0.7F;
        defaults.acceptance = AcceptanceMode::exact;
        defaults.tree = defaultTree(m_engine->model());
        m_settings->set(defaults);
        emit loaded(summary(), trees(), defaults);
    } catch (const LoadCancelled&) {
        // The program ends.
    } catch (const std::exception& error) {
        emit loadFailed(sentenceOf(error));
    }
}

ModelSummary EngineWorker::summary() const
{
    const Model& model = m_engine->model();
    ModelSummary summary;
    summary.name = modelName(m_options.model);
    summary.n_heads = int(model.heads.size());
    const int n_threads = m_options.n_threads > 0 ? m_options.n_threads : usableThreads();
    summary.device = n_threads == 1 ? tr("CPU, 1 thread") : tr("CPU, %1 threads").arg(n_threads);
    summary.device_note = QString::fromStdString(model.backend->description());
    summary.weights = QString::fromLatin1(dtypeName(model.dtype));
    summary.context = int(model.context);
    summary.memory_bytes = qint64(
        model.weight_bytes + model.head_bytes + m_engine->workspaceBytes() + cacheBytes(model));
    summary.path = QString::fromStdU16String(model.path.u16string());
    return summary;
}

// The default first, then a chain, then those published trees of which at least two levels fit the
// heads.
QVector<TreeSpec> EngineWorker::trees() const
{
    const int n_heads = int(m_engine->model().heads.size());
    QVector<TreeSpec> trees;
    if (n_heads == 0)
        return trees;
    trees << defaultTree(m_engine->model()) << TreeSpec{"chain", chainChoices(n_heads)};
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
        if (!m_engine)
            throw std::runtime_error("No model is loaded; choose one with --model FOLDER.");
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
    const Model& model = m_engine->model();
    const ChatPrompt prompt
        = makeChatPrompt(m_template.get(), *m_tokenizer, turn.history, model.context);
    if (prompt.n_left_out > 0)
        emit noticed(
            tr("The conversation is longer than the context of %1 tokens: the model no longer sees "
               "the oldest %n message(s).",
                nullptr, prompt.n_left_out)
                .arg(model.context));
    AnswerFeed feed(turn, int(prompt.tokens.size()), *m_labels,
        {[this](const AnswerProgress& progress) { emit progressed(progress); },
            [this, &turn](const Message& answer) { emit partial(turn.conversation, answer); }});
    TextCallbacks callbacks;
    callbacks.on_prefill = [this](int done, int total) { emit promptRead(done, total); };
    callbacks.on_step
        = [&](const DecodeStep& step, const std::string& text) { feed.addStep(step, text); };
    callbacks.on_end = [&](const std::string& rest) { feed.addRest(rest); };
    try {
        Session& session = m_sessions.get(*m_engine, turn.conversation);
        const GeneratedText generated = generateText(
            *m_engine, session, m_tokenizer, prompt.tokens, m_template != nullptr,
            [this] { return m_settings->get(); }, callbacks, turn.stop);
        Message answer = feed.finish(&generated.result);
        answer.settings = answerSettingsJson(m_settings->get(), generated.result, feed.marks());
        emit answered(turn.conversation, answer);
    } catch (const std::exception& error) {
        m_sessions.drop(turn.conversation);
        emit failed(sentenceOf(error));
        emit answered(turn.conversation, feed.finish(nullptr));
    }
}

void EngineWorker::countContext(const Conversation& conversation)
{
    int tokens = 0;
    try {
        if (m_engine && !conversation.messages.empty())
            tokens = int(makeChatPrompt(
                m_template.get(), *m_tokenizer, conversation.messages, m_engine->model().context)
                             .tokens.size());
    } catch (const std::exception&) {
        tokens = 0; // the same text is refused with a sentence when it is sent
    }
    emit contextCounted(conversation.summary.id, tokens);
}

void EngineWorker::measureCosts()
{
    if (!m_engine || m_engine->model().heads.empty() || m_engine->model().weight_bytes > kCostBytes
        || m_quit.stop_requested())
        return;
    try {
        const GenerateSettings settings = m_settings->get();
        const Choices choices = fitChoices(settings.tree.choices,
            std::min(settings.n_heads, int(m_engine->model().heads.size())), settings.head_top_k,
            settings.max_nodes);
        Session session = m_engine->makeSession();
        const CandidateTree tree = makeCandidateTree(choices);
        // The least of several medians: other programs take the processor from a long step more
        // often than from a short one.
        StepCosts costs = measureStepCosts(*m_engine, session, tree, kCostRepeats);
        for (int round = 1; round < kCostRounds; ++round) {
            const StepCosts again = measureStepCosts(*m_engine, session, tree, kCostRepeats);
            costs.plain_us = std::min(costs.plain_us, again.plain_us);
            costs.tree_us = std::min(costs.tree_us, again.tree_us);
        }
        emit costsMeasured(costs.plain_us, choices.empty() ? 0 : costs.tree_us);
    } catch (const std::exception& error) {
        emit noticed(sentenceOf(error));
    }
}

void EngineWorker::findFastestTree()
{
    if (!m_engine)
        return;
    try {
        Session session = m_engine->makeSession();
        const std::vector<int> prompt = ownText(*m_engine, session, kOwnText);
        AutoTree found = findAutoTree(*m_engine, session, prompt, {}, m_quit);
        if (m_quit.stop_requested())
            return;
        const auto ms = [](double us) { return QLocale().toString(us / 1e3, 'g', 2); };
        if (found.tree.choices.empty())
            emit treeFound({},
                tr("Every tree was slower than plain decoding here: no tree is used. Choose one "
                   "in Tune to see it all the same."));
        else
            emit treeFound(found.tree,
                tr("The fastest here has %1 nodes: %2 tokens a step are expected at %3 ms, "
                   "against %4 ms of a plain step.")
                    .arg(found.tree.choices.size() + 1)
                    .arg(found.tokens_per_step, 0, 'f', 1)
                    .arg(ms(found.tree_us), ms(found.plain_us)));
    } catch (const std::exception& error) {
        emit noticed(sentenceOf(error));
    }
}

} // namespace gorgon
