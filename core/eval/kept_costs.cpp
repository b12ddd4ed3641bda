// SPDX-License-Identifier: Apache-2.0
#include "core/eval/kept_costs.h"

#include <algorithm>
#include <cmath>

#include "core/model/content_hash.h"
#include "core/model/json_file.h"
#include "core/model/new_file.h"

namespace gorgon {

namespace {

constexpr int kVersion = 1;
constexpr double kMostCount = 1e9;

/// What the figures depend on, in words: checked when the file is read again.
nlohmann::json subjectOf(const Model& model)
{
    return {{"checkpoint", model.checkpoint_hash}, {"heads", model.heads_hash},
        {"weights", dtypeName(model.dtype)}, {"head_weights", dtypeName(model.head_dtype)},
        {"n_heads", model.heads.size()}, {"cache", dtypeName(model.cache_dtype)},
        {"machine", model.backend->description()}, {"layout", model.backend->weightLayout()}};
}

nlohmann::json toJson(const KeptCosts& costs, const Model& model)
{
    nlohmann::json hits = nlohmann::json::array();
    for (const HeadHits& head : costs.hits)
        hits.push_back({{"samples", head.samples}, {"hits", head.hits}});
    return {{"version", kVersion}, {"subject", subjectOf(model)}, {"nodes", costs.curve.nodes},
        {"step_us", costs.curve.step_us}, {"heads_us", costs.curve.heads_us}, {"hits", hits}};
}

bool areSound(const std::vector<HeadHits>& hits)
{
    return std::all_of(hits.begin(), hits.end(), [](const HeadHits& head) {
        double sum = 0;
        for (const double count : head.hits)
            sum += count >= 0 && count <= head.samples ? count : HUGE_VAL;
        return head.samples >= 0 && head.samples <= kMostCount
            && sum <= head.samples + 1e-6 * head.samples;
    });
}

KeptCosts fromJson(const nlohmann::json& json)
{
    KeptCosts costs;
    costs.curve
        = {json.at("nodes").get<std::vector<int>>(), json.at("step_us").get<std::vector<double>>(),
            json.at("heads_us").get<std::vector<double>>()};
    for (const nlohmann::json& head : json.at("hits"))
        costs.hits.push_back({head.at("samples").get<double>(),
            head.at("hits").get<std::array<double, kReportedRanks>>()});
    return costs;
}

} // namespace

std::filesystem::path costFile(const std::filesystem::path& folder, const Model& model)
{
    if (folder.empty() || model.checkpoint_hash.empty())
        return {};
    ContentHash hash;
    hash.add(subjectOf(model).dump());
    return folder / (hash.hex() + ".json");
}

std::optional<KeptCosts> readKeptCosts(const std::filesystem::path& file, const Model& model)
{
    std::error_code error;
    if (file.empty() || !std::filesystem::is_regular_file(file, error))
        return std::nullopt;
    try {
        const nlohmann::json json = readJsonFile(file);
        if (json.at("version") != kVersion || json.at("subject") != subjectOf(model))
            return std::nullopt;
        KeptCosts costs = fromJson(json);
        if (!isUsable(costs.curve) || !costs.curve.isWhole()
            || costs.hits.size() != model.heads.size()
            || costs.curve.heads_us.size() != model.heads.size() || !areSound(costs.hits))
            return std::nullopt;
        return costs;
    } catch (const std::exception&) {
        return std::nullopt; // measured again, and written over
    }
}

bool keepCosts(
    const std::filesystem::path& file, const Model& model, const KeptCosts& costs) noexcept
{
    if (file.empty() || !isUsable(costs.curve) || !costs.curve.isWhole())
        return false;
    try {
        std::filesystem::create_directories(file.parent_path());
        replaceFile(file, [&](NewFile& out) { out.write(toJson(costs, model).dump(1) + '\n'); });
        return true;
    } catch (const std::exception&) {
        return false;
    }
}

} // namespace gorgon
