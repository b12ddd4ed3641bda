// SPDX-License-Identifier: Apache-2.0
// The report of inspect as text for people and as JSON for programs.
#include <nlohmann/json.hpp>

#include "core/model/file_error.h"
#include "core/model/inspect.h"

namespace gorgon {

namespace {

using nlohmann::json;

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

const char* scalingName(RopeScaling scaling)
{
    constexpr const char* kNames[] = {"none", "linear", "dynamic", "llama3", "yarn"};
    return kNames[size_t(scaling)];
}

class Lines
{
public:
    void add(const std::string& label, const std::string& value)
    {
        constexpr size_t kColumn = 14;
        m_text += label + std::string(label.size() < kColumn ? kColumn - label.size() : 1, ' ')
            + value + "\n";
    }
    std::string take() { return std::move(m_text); }

private:
    std::string m_text;
};

void addModel(Lines& lines, const ModelReport& report)
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
    std::string types;
    for (const auto& [dtype, n] : report.dtypes)
        types += (types.empty() ? "" : ", ") + dtype + " " + countText(n);
    lines.add("weights",
        countText(report.n_parameters) + " parameters, " + bytesText(report.n_bytes)
            + (types.empty() ? "" : " (" + types + ")") + ", " + report.file_format + ", "
            + std::to_string(report.n_files) + (report.n_files == 1 ? " file" : " files"));
}

void addHeads(Lines& lines, const HeadsReport& heads)
{
    lines.add("heads",
        std::to_string(heads.n_heads) + " with " + std::to_string(heads.n_blocks)
            + (heads.n_blocks == 1 ? " block" : " blocks") + " each, " + std::to_string(heads.width)
            + " wide"
            + (heads.vocab_rows > 0 ? ", vocabulary " + std::to_string(heads.vocab_rows) : ""));
    lines.add("  format", heads.format);
    lines.add("  size", countText(heads.n_parameters) + " parameters, " + bytesText(heads.n_bytes));
    lines.add("  path", shown(heads.path, 4096));
    if (heads.stated_heads) {
        std::string stated = std::to_string(*heads.stated_heads) + " heads";
        if (heads.stated_blocks)
            stated += " of " + std::to_string(*heads.stated_blocks) + " blocks";
        lines.add("  config.json",
            "says " + stated
                + (*heads.stated_heads == heads.n_heads ? "" : "; the tensors are right"));
    }
    if (!heads.stated_base.empty())
        lines.add("  made for", heads.stated_base);
    if (heads.fits)
        lines.add("  fits", *heads.fits ? "yes, by shape" : "no");
}

json headsJson(const HeadsReport& heads)
{
    json result
        = {{"path", shown(heads.path, 4096)}, {"format", heads.format}, {"heads", heads.n_heads},
            {"blocks", heads.n_blocks}, {"width", heads.width}, {"vocab_rows", heads.vocab_rows},
            {"parameters", heads.n_parameters}, {"bytes", heads.n_bytes}, {"stated_heads", nullptr},
            {"stated_blocks", nullptr}, {"stated_base", heads.stated_base}, {"fits", nullptr}};
    if (heads.stated_heads)
        result["stated_heads"] = *heads.stated_heads;
    if (heads.stated_blocks)
        result["stated_blocks"] = *heads.stated_blocks;
    if (heads.fits)
        result["fits"] = *heads.fits;
    return result;
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

std::string reportText(const ModelReport& report)
{
    Lines lines;
    lines.add("path", shown(report.path, 4096));
    lines.add("kind", report.kind);
    addModel(lines, report);
    if (report.heads)
        addHeads(lines, *report.heads);
    else if (report.kind == "model")
        lines.add("heads", "none");
    if (report.n_unexpected > 0) {
        lines.add("ignored", std::to_string(report.n_unexpected) + " tensors");
        for (const std::string& name : report.unexpected)
            lines.add("", name);
    }
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
        {"n_unexpected", report.n_unexpected}, {"problems", report.problems}};
    if (report.config)
        result["config"] = configJson(*report.config);
    if (report.heads)
        result["heads"] = headsJson(*report.heads);
    return result;
}

} // namespace gorgon
