// SPDX-License-Identifier: Apache-2.0
#include "core/decode/generate_settings.h"

#include <cmath>

namespace gorgon {

namespace {

/// "" where value lies in [low, high]; NaN lies nowhere.
std::string outside(const char* name, double value, double low, double high)
{
    if (value >= low && value <= high)
        return {};
    const auto text = [](double number) {
        std::string digits = std::to_string(number);
        digits.erase(digits.find_last_not_of('0') + 1);
        if (digits.ends_with('.'))
            digits.pop_back();
        return digits;
    };
    return std::string(name) + ": expected " + text(low) + " to " + text(high) + ", found "
        + (std::isnan(value) ? "no number" : text(value));
}

} // namespace

std::string settingsProblem(const GenerateSettings& settings)
{
    for (const std::string& problem : {
             outside("max tokens", settings.max_tokens, 1, 1 << 24),
             outside("temperature", settings.temperature, 0, 100),
             outside("top-p", settings.top_p, 0, 1),
             outside("posterior threshold", settings.posterior_threshold, 0, 1),
             outside("posterior alpha", settings.posterior_alpha, 0, 1e6),
             outside("number of heads", settings.n_heads, 0, kMaxHeads),
             outside("head top-k", settings.head_top_k, 1, kMaxTopK),
             outside("tree nodes", settings.max_nodes, 1, kMaxNodes),
             outside("reported ranks", settings.report_ranks, 0, kReportedRanks),
         })
        if (!problem.empty())
            return problem;
    for (const std::string& stop : settings.stop)
        if (stop.empty())
            return "stop text: expected at least one character, found none";
    return {};
}

} // namespace gorgon
