// SPDX-License-Identifier: Apache-2.0
// The report of inspect as text for people and as JSON for programs.
#include "core/model/file_error.h"
#include "core/model/inspect_lines.h"

namespace gorgon {

namespace {

using nlohmann::json;

const char* scalingName(RopeScaling scaling)
{
    constexpr const char* kNames[] = {"none", "linear", "dynamic", "llama3", "yarn"};
    return kNames[size_t(scaling)];
}

void addModel(ReportLines& lines, const ModelReport& report)
{
    if (report.config) {
        const ModelConfig& config = *report.config;
        lines.add("architecture",
            config.architecture + ", " + std::to_string(config.n_layers) + " layers, "
                + std::to_string(config.dim) + " wide, feed-forward "
                + std::to_string(config.ff_dim));
        lines.add("attention",
            std::to_string(config.n_heads) + " heads of " + std::to_string(config.head_dim) + ", "
                + std::to_string(config.n_kv_heads)
                + (config.n_kv_heads == config.n_heads ? " key-value heads"
                                                       : " key-value heads (grouped)"));
        lines.add("vocabulary",
            std::to_string(config.vocab_size)
                + (config.tied_embeddings ? ", embeddings tied" : ""));
        lines.add("context",
            std::to_string(report.supported_context) + " positions, rope " + ropeWords(config));
        if (const std::string window = windowWords(config); window != "none")
            lines.add("window", window);
        std::string extras;
        for (const auto& [has, name] : {std::pair(config.qkv_bias, "bias of q, k and v"),
                 std::pair(config.output_bias, "bias of the attention's output"),
                 std::pair(config.mlp_bias, "bias of the feed-forward"),
                 std::pair(config.qk_norm, "norm of q and k heads")})
            if (has)
                extras += (extras.empty() ? "" : ", ") + std::string(name);
        if (!extras.empty())
            lines.add("with", extras);
    }
    if (report.n_files == 0)
        return;
    const std::string types = typesText(report.dtypes);
    lines.add("weights",
        countText(report.n_parameters) + " parameters, " + bytesText(report.n_bytes)
            + (types.empty() ? "" : " (" + types + ")") + ", " + report.file_format + ", "
            + std::to_string(report.n_files) + (report.n_files == 1 ? " file" : " files"));
}

json configJson(const ModelConfig& config)
{
    return {{"architecture", config.architecture}, {"hidden_size", config.dim},
        {"intermediate_size", config.ff_dim}, {"layers", config.n_layers},
        {"heads", config.n_heads}, {"kv_heads", config.n_kv_heads}, {"head_dim", config.head_dim},
        {"vocab_size", config.vocab_size}, {"max_context", config.max_context},
        {"tied_embeddings", config.tied_embeddings}, {"qkv_bias", config.qkv_bias},
        {"output_bias", config.output_bias}, {"mlp_bias", config.mlp_bias},
        {"qk_norm", config.qk_norm}, {"sliding_window", windowWords(config)},
        {"rope_words", ropeWords(config)},
        {"rope",
            {{"theta", config.rope.theta}, {"scaling", scalingName(config.rope.scaling)},
                {"factor", config.rope.factor}}},
        {"bos_token", config.bos_token}, {"eos_tokens", config.eos_tokens},
        {"stated_medusa_heads", config.stated_medusa_heads}};
}

} // namespace

std::string countText(uint64_t count)
{
    char text[32];
    if (count >= 1'000'000'000)
        std::snprintf(text, sizeof text, "%.2f billion", double(count) / 1e9);
    else if (count >= 1'000'000)
        std::snprintf(text, sizeof text, "%.1f million", double(count) / 1e6);
    else
        std::snprintf(text, sizeof text, "%llu", static_cast<unsigned long long>(count));
    return text;
}

std::string typesText(const std::map<std::string, uint64_t>& dtypes)
{
    std::string text;
    for (const auto& [dtype, n] : dtypes)
        text += (text.empty() ? "" : ", ") + dtype + " " + countText(n);
    return text;
}

std::string unsoundText(const UnsoundValues& values)
{
    if (values.n_nan + values.n_infinite == 0)
        return "all are numbers";
    return std::to_string(values.n_nan) + " NaN, " + std::to_string(values.n_infinite)
        + " infinite";
}

std::string reportText(const ModelReport& report)
{
    ReportLines lines;
    lines.add("path", shown(report.path, 4096));
    lines.add("kind", report.kind);
    addModel(lines, report);
    if (report.heads)
        addHeadsLines(lines, *report.heads);
    else if (report.kind == "model")
        lines.add("heads", "none");
    if (report.unsound)
        lines.add("values", unsoundText(*report.unsound));
    if (report.n_unexpected > 0) {
        lines.add("ignored", std::to_string(report.n_unexpected) + " tensors");
        for (const std::string& name : report.unexpected)
            lines.add("", name);
    }
    for (const std::string& remark : report.remarks)
        lines.add("remark", remark);
    for (const std::string& problem : report.problems)
        lines.add("problem", problem);
    if (report.problems.empty())
        lines.add("problems", "none");
    return lines.take();
}

json reportJson(const ModelReport& report)
{
    json result = {{"path", shown(report.path, 4096)}, {"kind", report.kind}, {"config", nullptr},
        {"supported_context", report.supported_context}, {"file_format", report.file_format},
        {"files", report.n_files}, {"dtypes", report.dtypes}, {"parameters", report.n_parameters},
        {"bytes", report.n_bytes}, {"heads", nullptr}, {"unexpected", report.unexpected},
        {"n_unexpected", report.n_unexpected}, {"unsound_values", unsoundJson(report.unsound)},
        {"problems", report.problems}, {"remarks", report.remarks}};
    if (report.config)
        result["config"] = configJson(*report.config);
    if (report.heads)
        result["heads"] = headsJson(*report.heads);
    return result;
}

} // namespace gorgon
