// SPDX-License-Identifier: Apache-2.0
#include "core/store/recording.h"

#include <cmath>
#include <fstream>
#include <limits>
#include <stdexcept>

#include <nlohmann/json.hpp>

namespace gorgon {

namespace {

using Json = nlohmann::ordered_json;

constexpr uint64_t kMaxBytes = uint64_t(256) << 20;
constexpr const char* kVerdicts[] = {"not_reached", "rejected", "passed", "accepted", "beyond_end"};
constexpr const char* kOrigins[] = {"root", "medusa_head"};
constexpr const char* kAcceptances[] = {"greedy", "typical", "exact"};

struct Unsound
{
    std::string found;
};

const Json& member(const Json& json, const char* name)
{
    if (!json.is_object() || !json.contains(name))
        throw Unsound{std::string("no ") + name};
    return json[name];
}

int64_t integer(const Json& json, const char* name, int64_t low, int64_t high)
{
    const Json& value = member(json, name);
    if (!value.is_number_integer()
        || (value.is_number_unsigned() && value.get<uint64_t>() > uint64_t(INT64_MAX))
        || value.get<int64_t>() < low || value.get<int64_t>() > high)
        throw Unsound{std::string("an unusable ") + name};
    return value.get<int64_t>();
}

/// JSON has no infinity and no NaN: they are written as null.
double number(const Json& json, const char* name)
{
    const Json& value = member(json, name);
    if (value.is_null())
        return std::numeric_limits<double>::quiet_NaN();
    if (!value.is_number())
        throw Unsound{std::string("an unusable ") + name};
    return value.get<double>();
}

template <class Enum, size_t n>
Enum choice(const Json& json, const char* name, const char* const (&names)[n])
{
    const Json& value = member(json, name);
    for (size_t i = 0; i < n; i++)
        if (value == names[i])
            return Enum(i);
    throw Unsound{std::string("an unknown ") + name};
}

std::vector<int> integers(
    const Json& json, const char* name, int64_t low, int64_t high, size_t most)
{
    const Json& list = member(json, name);
    if (!list.is_array() || list.size() > most)
        throw Unsound{std::string("an unusable ") + name};
    std::vector<int> values;
    for (const Json& value : list) {
        if (!value.is_number_integer() || value.get<int64_t>() < low || value.get<int64_t>() > high)
            throw Unsound{std::string("an unusable entry of ") + name};
        values.push_back(value.get<int>());
    }
    return values;
}

Json toJson(const StepNode& node)
{
    return {{"token", node.token}, {"parent", node.parent}, {"depth", node.depth},
        {"rank", node.rank}, {"origin", kOrigins[int(node.origin)]},
        {"draft_prob", node.draft_prob}, {"posterior_prob", node.posterior_prob},
        {"threshold", node.threshold}, {"entropy", node.entropy}, {"choice", node.choice},
        {"choice_prob", node.choice_prob}, {"verdict", kVerdicts[int(node.verdict)]}};
}

StepNode toNode(const Json& json, int index, const std::vector<StepNode>& before)
{
    StepNode node;
    node.token = int(integer(json, "token", -1, INT32_MAX));
    node.parent = int(integer(json, "parent", -1, index - 1));
    node.depth = int(integer(json, "depth", 0, kMaxDepth));
    if ((index == 0) != (node.parent < 0)
        || node.depth != (index == 0 ? 0 : before[size_t(node.parent)].depth + 1))
        throw Unsound{"a node that hangs nowhere"};
    node.rank = int(integer(json, "rank", 0, kMaxTopK - 1));
    node.origin = choice<DraftOrigin>(json, "origin", kOrigins);
    node.draft_prob = float(number(json, "draft_prob"));
    node.posterior_prob = float(number(json, "posterior_prob"));
    node.threshold = float(number(json, "threshold"));
    node.entropy = float(number(json, "entropy"));
    node.choice = int(integer(json, "choice", -1, INT32_MAX));
    node.choice_prob = float(number(json, "choice_prob"));
    node.verdict = choice<Verdict>(json, "verdict", kVerdicts);
    return node;
}

DecodeStep toStep(const Json& json)
{
    DecodeStep step;
    step.index = int(integer(json, "index", 0, INT32_MAX));
    step.position = integer(json, "position", 0, INT64_MAX);
    step.acceptance = choice<AcceptanceMode>(json, "acceptance", kAcceptances);
    step.temperature = float(number(json, "temperature"));
    step.accept_length = int(integer(json, "accept_length", 0, kMaxDepth));
    step.next_root = int(integer(json, "next_root", -1, INT32_MAX));
    step.n_bad_heads = int(integer(json, "n_bad_heads", 0, kMaxHeads));
    step.tokens = integers(json, "tokens", 0, INT32_MAX, kMaxDepth + 1);
    const Json& nodes = member(json, "nodes");
    if (!nodes.is_array() || nodes.empty() || nodes.size() > size_t(kMaxNodes))
        throw Unsound{"no usable nodes"};
    for (const Json& node : nodes)
        step.nodes.push_back(toNode(node, int(step.nodes.size()), step.nodes));
    step.path = integers(json, "path", 0, int64_t(nodes.size()) - 1, kMaxDepth + 1);
    if (step.path.size() != size_t(step.accept_length) + 1
        || step.tokens.size() != step.path.size())
        throw Unsound{"a path of another length than accept_length"};
    const Json& times = member(json, "times");
    step.times = {number(times, "draft_us"), number(times, "verify_us"), number(times, "accept_us"),
        number(times, "total_us")};
    return step;
}

} // namespace

std::string recordLine(const DecodeStep& step)
{
    Json json = {{"index", step.index}, {"position", step.position},
        {"acceptance", kAcceptances[int(step.acceptance)]}, {"temperature", step.temperature},
        {"accept_length", step.accept_length}, {"next_root", step.next_root},
        {"n_bad_heads", step.n_bad_heads}, {"tokens", step.tokens}, {"path", step.path},
        {"nodes", Json::array()},
        {"times",
            {{"draft_us", step.times.draft_us}, {"verify_us", step.times.verify_us},
                {"accept_us", step.times.accept_us}, {"total_us", step.times.total_us}}}};
    for (const StepNode& node : step.nodes)
        json["nodes"].push_back(toJson(node));
    return json.dump();
}

DecodeStep readRecordLine(std::string_view line, const std::string& what)
{
    constexpr int kMaxLevels = 3;
    try {
        bool too_deep = false;
        const Json json = Json::parse(
            line,
            [&](int depth, Json::parse_event_t, Json&) {
                too_deep = too_deep || depth > kMaxLevels;
                return !too_deep;
            },
            false);
        if (too_deep || json.is_discarded())
            throw Unsound{"no JSON object"};
        return toStep(json);
    } catch (const Unsound& unsound) {
        throw std::runtime_error(what + ": expected a recorded decode step, found " + unsound.found
            + "; record it again");
    }
}

std::vector<DecodeStep> readRecording(const std::filesystem::path& file)
{
    std::error_code error;
    const bool plain = std::filesystem::is_regular_file(file, error);
    std::ifstream lines(file, std::ios::binary);
    if (!plain || !lines || std::filesystem::file_size(file, error) > kMaxBytes || error)
        throw std::runtime_error(file.string()
            + ": expected a recording of at most 256 MiB, found none that can be read");
    std::vector<DecodeStep> steps;
    int n_line = 0;
    for (std::string line; std::getline(lines, line);) {
        n_line++;
        if (!line.empty())
            steps.push_back(
                readRecordLine(line, file.string() + ", line " + std::to_string(n_line)));
    }
    return steps;
}

} // namespace gorgon
