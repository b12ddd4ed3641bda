// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/result_json.h"

#include <cstdio>

namespace gorgon {

const char* usedAcceptance(const GenerateSettings& settings)
{
    return acceptanceName(settings.temperature > 0 ? settings.acceptance : AcceptanceMode::greedy);
}

nlohmann::ordered_json statsJson(const GenerateStats& stats, const Model& model,
    const GenerateSettings& settings, const std::string& tree)
{
    nlohmann::ordered_json json = {{"prompt_tokens", stats.prompt_tokens},
        {"new_tokens", stats.new_tokens}, {"steps", stats.steps},
        {"mean_tokens_per_step", stats.meanTokensPerStep()}, {"prefill_ms", stats.prefill_ms},
        {"decode_ms", stats.decode_ms}, {"tokens_per_second", stats.tokensPerSecond()},
        {"device", model.backend->name()}, {"weights", dtypeName(model.dtype)}, {"tree", tree},
        {"acceptance", usedAcceptance(settings)}};
    if (const std::string limitation = model.backend->limitation(); !limitation.empty())
        json["device_limitation"] = limitation;
    return json;
}

std::string statsLine(const GenerateResult& result)
{
    const auto s = [](int n) { return n == 1 ? "" : "s"; };
    char line[240];
    std::snprintf(line, sizeof line,
        "%s%d token%s in %d step%s (%.2f a step), %.1f tokens/s, prompt %d token%s in %.0f ms, "
        "seed %llu",
        result.finish == FinishReason::context ? "the context is full: " : "",
        result.stats.new_tokens, s(result.stats.new_tokens), result.stats.steps,
        s(result.stats.steps), result.stats.meanTokensPerStep(), result.stats.tokensPerSecond(),
        result.stats.prompt_tokens, s(result.stats.prompt_tokens), result.stats.prefill_ms,
        static_cast<unsigned long long>(result.seed));
    return line;
}

} // namespace gorgon
