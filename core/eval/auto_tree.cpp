// SPDX-License-Identifier: Apache-2.0
#include "core/eval/auto_tree.h"

#include <algorithm>

#include "core/eval/kept_costs.h"

namespace gorgon {

namespace {

constexpr int kMostTokens = 128;
constexpr int kFewestTokens = 16;
constexpr double kPractiseUs = 2e6;
constexpr int64_t kMostPrompt = 512;

} // namespace

TreeTuner makeTreeTuner(Engine& engine, Session& session, const std::filesystem::path& file,
    bool fresh, const TuningProgress& progress, std::stop_token stop)
{
    const Model& model = engine.model();
    std::optional<KeptCosts> kept = readKeptCosts(file, model);
    if (!kept || fresh) {
        if (!kept)
            kept.emplace();
        kept->curve = measureCostCurve(engine, session, progress, std::move(stop));
        kept->hits.resize(model.heads.size());
        keepCosts(file, model, *kept);
    }
    return {std::move(kept->curve), int(model.heads.size()), std::move(kept->hits)};
}

void keepTuning(const std::filesystem::path& file, const Model& model, const TreeTuner& tuner)
{
    keepCosts(file, model, {tuner.curve(), tuner.hits()});
}

void practise(Engine& engine, Session& session, std::span<const int> prompt,
    const GenerateSettings& limits, TreeTuner& tuner, std::stop_token stop)
{
    const Model& model = engine.model();
    if (model.heads.empty() || tuner.curve().empty() || stop.stop_requested())
        return;
    const auto room = int(std::min<int64_t>(model.context / 2, kMostTokens));
    GenerateSettings settings;
    settings.n_heads = limits.n_heads;
    settings.head_top_k = limits.head_top_k;
    settings.max_nodes = limits.max_nodes;
    settings.ignore_eos = true;
    settings.max_tokens = std::clamp(int(kPractiseUs / std::max(tuner.best().plain_us, 1.0)),
        std::max(1, std::min(kFewestTokens, room)), std::max(1, room));
    const int64_t most
        = std::max<int64_t>(1, std::min(kMostPrompt, model.context - settings.max_tokens - 1));
    const auto end = prompt.last(size_t(std::min<int64_t>(int64_t(prompt.size()), most)));
    const auto source = [&]() -> const GenerateSettings& {
        tuner.apply(settings);
        settings.run_all_heads = true; // they are what is practised
        return settings;
    };
    const auto count = [&](const DecodeStep& step) -> std::optional<int> {
        tuner.add(step);
        return std::nullopt;
    };
    session.tokens.clear();
    engine.generate(session, end, source, {{}, count}, std::move(stop));
    tuner.endAnswer();
    session.tokens.clear();
}

} // namespace gorgon
