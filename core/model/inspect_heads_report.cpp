// SPDX-License-Identifier: Apache-2.0
#include "core/model/file_error.h"
#include "core/model/inspect_lines.h"

namespace gorgon {

namespace {

using nlohmann::json;

template <typename T> json orNull(const std::optional<T>& value)
{
    return value ? json(*value) : json();
}

std::string counted(int64_t n, const std::string& what)
{
    return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

std::string vocabText(const HeadsReport& heads)
{
    if (heads.vocab_rows == 0)
        return "of the base model";
    std::string text = std::to_string(heads.vocab_rows) + " tokens, "
        + (heads.one_vocab ? "one matrix for all heads" : "a matrix of each head");
    if (heads.n_mapped_tokens > 0)
        text += ", truncated by token_map";
    if (heads.n_base_vocabs)
        text += *heads.n_base_vocabs == heads.n_heads
            ? "; the base's, bit for bit (convert --to v2 leaves them out)"
            : "; " + std::to_string(*heads.n_base_vocabs) + " of them the base's";
    return text;
}

std::string statedText(const HeadsStatement& stated)
{
    if (!stated.is_there)
        return "none";
    if (!stated.problem.empty())
        return "cannot be read";
    std::string text;
    const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
    if (stated.heads)
        add(counted(*stated.heads, "head"));
    if (stated.blocks)
        add(counted(*stated.blocks, "block"));
    if (stated.width)
        add("hidden size " + std::to_string(*stated.width));
    if (stated.vocab)
        add("vocabulary " + std::to_string(*stated.vocab));
    if (!stated.version.empty())
        add("version " + shown(stated.version));
    return text.empty() ? "says nothing of heads" : "says " + text;
}

} // namespace

void addHeadsLines(ReportLines& lines, const HeadsReport& heads)
{
    if (heads.n_heads == 0) {
        lines.add("heads", "none that can be read");
        lines.add("  path", shown(heads.path, 4096));
        return;
    }
    lines.add("heads",
        std::to_string(heads.n_heads) + " of " + counted(heads.n_blocks, "block") + ", "
            + std::to_string(heads.width) + " wide");
    lines.add("  format", heads.description);
    lines.add("  vocabulary", vocabText(heads));
    lines.add("  size",
        countText(heads.n_parameters) + " parameters, " + bytesText(heads.n_bytes) + " ("
            + typesText(heads.dtypes) + ")");
    if (heads.unsound)
        lines.add("  values", unsoundText(*heads.unsound));
    lines.add("  path", shown(heads.path, 4096));
    lines.add("  config.json", statedText(heads.stated));
    if (!heads.stated.base.empty())
        lines.add("  made for", shown(heads.stated.base));
    std::string bases;
    for (const std::string& base : heads.bases)
        bases += (bases.empty() ? "" : ", ") + base;
    if (!heads.fits && !bases.empty())
        lines.add("  shape of", bases);
    if (heads.fits)
        lines.add("  fits", (*heads.fits ? "yes, by shape: " : "no: ") + shown(heads.base, 4096));
}

json unsoundJson(const std::optional<UnsoundValues>& values)
{
    if (!values)
        return nullptr;
    return {{"nan", values->n_nan}, {"infinite", values->n_infinite}, {"tensors", values->tensors}};
}

json headsJson(const HeadsReport& heads)
{
    const HeadsStatement& stated = heads.stated;
    return {{"path", shown(heads.path, 4096)}, {"format", heads.format},
        {"description", heads.description}, {"in_full_model", heads.in_full_model},
        {"heads", heads.n_heads}, {"blocks", heads.n_blocks}, {"biases", heads.n_biases},
        {"width", heads.width}, {"own_vocabulary", heads.own_vocab},
        {"one_vocabulary", heads.one_vocab}, {"vocab_rows", heads.vocab_rows},
        {"mapped_tokens", heads.n_mapped_tokens}, {"dtypes", heads.dtypes},
        {"parameters", heads.n_parameters}, {"bytes", heads.n_bytes},
        {"stated_heads", orNull(stated.heads)}, {"stated_blocks", orNull(stated.blocks)},
        {"stated_width", orNull(stated.width)}, {"stated_vocab", orNull(stated.vocab)},
        {"stated_version", shown(stated.version)}, {"stated_base", shown(stated.base)},
        {"known_bases", heads.bases}, {"base", shown(heads.base, 4096)},
        {"fits", orNull(heads.fits)}, {"base_vocabularies", orNull(heads.n_base_vocabs)},
        {"unsound_values", unsoundJson(heads.unsound)}};
}

} // namespace gorgon
