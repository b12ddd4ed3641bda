// SPDX-License-Identifier: Apache-2.0
// Small tokenizer.json files made by hand.
#pragma once

#include <memory>
#include <string>

#include <nlohmann/json.hpp>

#include "core/text/bpe_tokenizer.h"

namespace gorgon::tests {

/// Byte-level BPE: 256 letters, "he" "ll" "hell" "hello" " w" " wo" "rl" "12", and the added tokens
/// <|end|> (264, control), <tool> (265), "  " (266, plain).
nlohmann::json byteLevelJson();
/// As Llama 2's: <unk> <s> </s>, 256 bytes, U+2581, letters, "▁he" "ll" "▁hell" "▁hello".
nlohmann::json markedJson();
std::shared_ptr<const Tokenizer> tokenizerOf(
    const nlohmann::json& json, const TokenizerConfig& config = {});
/// What is said of a file that is refused; empty where it is taken.
std::string refusalOf(const std::string& bytes);

} // namespace gorgon::tests
