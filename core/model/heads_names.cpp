// SPDX-License-Identifier: Apache-2.0
#include "core/model/heads_names.h"

#include <array>
#include <charconv>

namespace gorgon {

namespace {

using Part = HeadKey::Part;

bool takeWord(std::string_view& text, std::string_view word)
{
    if (!text.starts_with(word))
        return false;
    text.remove_prefix(word.size());
    return true;
}

/// "12." as printed by a program: no sign, no zero in front.
bool takeNumber(std::string_view& text, int& number)
{
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const size_t n = size_t(end - text.data());
    if (error != std::errc() || number < 0 || n == text.size() || text[n] != '.'
        || (n > 1 && text[0] == '0'))
        return false;
    text.remove_prefix(n + 1);
    return true;
}

bool takePart(std::string_view name, HeadKey& key)
{
    key.part = name == "bias" ? Part::bias : Part::weight;
    return name == "weight" || name == "bias";
}

std::optional<HeadKey> parseVllm(std::string_view name)
{
    HeadKey key;
    key.naming = HeadsNaming::vllm;
    if (name == "lm_head.weight" || name == "token_map") {
        key.part = name == "token_map" ? Part::token_map : Part::one_vocab;
        return key;
    }
    if (takeWord(name, "lm_heads.")) {
        key.part = Part::vocab;
        return takeNumber(name, key.head) && name == "weight" ? std::optional(key) : std::nullopt;
    }
    if (takeWord(name, "blocks.") && takeNumber(name, key.head) && takeWord(name, "layers.")
        && takeNumber(name, key.block) && takePart(name, key))
        return key;
    return {};
}

} // namespace

std::string_view headPrefix(std::string_view name)
{
    for (const std::string_view prefix : {kFullModelPrefix, std::string_view("medusa_heads.")})
        if (name.starts_with(prefix))
            return prefix;
    return {};
}

std::optional<HeadKey> parseHeadName(std::string_view name)
{
    HeadKey key;
    if (!takeNumber(name, key.head))
        return parseVllm(name);
    if (name == "lm_head.weight") {
        key.naming = HeadsNaming::tensorrt;
        key.part = Part::vocab;
        return key;
    }
    if (takeWord(name, "medusa_layers."))
        key.naming = HeadsNaming::tensorrt;
    if (!takeNumber(name, key.block))
        return {};
    if (takeWord(name, "linear."))
        return takePart(name, key) ? std::optional(key) : std::nullopt;
    key.part = Part::vocab;
    return key.naming == HeadsNaming::medusa && name == "weight" ? std::optional(key)
                                                                 : std::nullopt;
}

std::string headTensorName(const HeadKey& key)
{
    const std::string head = std::to_string(key.head);
    const std::string block = std::to_string(key.block);
    const std::string part = key.part == Part::bias ? "bias" : "weight";
    if (key.part == Part::token_map)
        return "token_map";
    if (key.part == Part::one_vocab)
        return "lm_head.weight";
    const bool is_vocab = key.part == Part::vocab;
    switch (key.naming) {
    case HeadsNaming::vllm:
        return is_vocab ? "lm_heads." + head + ".weight"
                        : "blocks." + head + ".layers." + block + "." + part;
    case HeadsNaming::tensorrt:
        return is_vocab ? head + ".lm_head.weight"
                        : head + ".medusa_layers." + block + ".linear." + part;
    default:
        return is_vocab ? head + "." + block + ".weight" : head + "." + block + ".linear." + part;
    }
}

std::string_view namingText(HeadsNaming naming)
{
    static constexpr std::array<std::string_view, 3> kTexts = {
        "as in the Medusa repository (0.0.linear.weight)", "as in vLLM (blocks.0.layers.0.weight)",
        "as in TensorRT-LLM (medusa_heads.0.medusa_layers.0.linear.weight)"};
    return kTexts[size_t(naming)];
}

bool isHeadTensor(std::string_view name)
{
    return !headPrefix(name).empty();
}

} // namespace gorgon
