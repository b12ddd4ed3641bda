// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/auto_tree.h"

#include <cstdio>

#include "core/eval/kept_costs.h"
#include "core/model/user_cache.h"

namespace gorgon {

std::string words(const TunedTree& found)
{
    char text[160];
    if (found.tree.choices.empty())
        std::snprintf(text, sizeof text, "plain decoding is the fastest here, %.3g ms a step",
            found.plain_us * 1e-3);
    else
        std::snprintf(text, sizeof text,
            "%zu nodes, %.1f tokens a step expected at %.3g ms, against %.3g ms of a plain step",
            found.tree.choices.size() + 1, found.tokens_per_step, found.tree_us * 1e-3,
            found.plain_us * 1e-3);
    return text;
}

void AutoTuning::prepare(const GenerateSettings& settings, Engine& engine, Session& session,
    const TuningProgress& progress, std::stop_token stop)
{
    if (settings.tree.name != kAutoTree || m_tuner || engine.model().heads.empty())
        return;
    m_file = costFile(userCacheFolder("costs"), engine.model());
    TreeTuner tuner = makeTreeTuner(engine, session, m_file, false, progress, std::move(stop));
    if (!tuner.curve().empty())
        m_tuner = std::move(tuner);
}

void AutoTuning::prepare(
    const GenerateSettings& settings, Engine& engine, Session& session, Program& program)
{
    if (settings.tree.name == kAutoTree && engine.model().heads.empty())
        program.note("tree auto: there are no heads, so nothing is drafted");
    Progress progress(program, "timing trees");
    prepare(
        settings, engine, session, [&](int done, int total) { progress.show(done, total); },
        program.interrupt.token());
    if (program.interrupt.requested())
        throw Interrupted();
    std::error_code error;
    if (m_tuner && !m_file.empty() && m_tuner->curve().isWhole()
        && !std::filesystem::exists(m_file, error))
        program.note(m_file.parent_path().string()
            + ": the times of trees cannot be kept there; they are measured again next time");
}

void AutoTuning::apply(GenerateSettings& settings)
{
    if (m_tuner && settings.tree.name == kAutoTree)
        m_tuner->apply(settings);
}

void AutoTuning::add(const DecodeStep& step)
{
    if (!m_tuner)
        return;
    m_tuner->add(step);
    m_n_tokens += int64_t(step.tokens.size());
    m_has_drafted = m_has_drafted || step.nodes.size() > 1;
    if (!m_tuner->best().tree.choices.empty())
        m_plain_since = -1;
    else if (m_plain_since < 0)
        m_plain_since = m_n_tokens;
}

std::string AutoTuning::endAnswer(const Model& model)
{
    if (!m_tuner || m_n_tokens == 0)
        return {};
    m_tuner->endAnswer();
    keepTuning(m_file, model, *m_tuner);
    std::string text = "tree auto: " + words(m_tuner->best());
    if (!m_has_drafted)
        text += "; nothing was drafted";
    else if (m_plain_since > 0)
        text += "; drafting did not pay, nothing is drafted since token "
            + std::to_string(m_plain_since);
    m_n_tokens = 0;
    m_plain_since = -1;
    m_has_drafted = false;
    return text;
}

void findTreeWhereAuto(GenerateSettings& settings, Engine& engine, Session& session,
    std::span<const int> prompt, Program& program)
{
    if (settings.tree.name != kAutoTree)
        return;
    AutoTuning tuning;
    tuning.prepare(settings, engine, session, program);
    if (!tuning.tuner())
        return;
    TreeTuner tuner = *tuning.tuner();
    practise(engine, session, prompt, settings, tuner, program.interrupt.token());
    if (program.interrupt.requested())
        throw Interrupted();
    program.note("tree auto: " + words(tuner.best()));
    settings.tree = tuner.best().tree;
}

} // namespace gorgon
