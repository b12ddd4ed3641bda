// SPDX-License-Identifier: Apache-2.0
// Whether heads belong to a base model, judged by plain values: for heads in files and for heads of
// which a hub only tells.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gorgon {

struct HeadsShape
{
    int64_t width = 0; // hidden size
    int64_t vocab_rows = 0; // of their own matrices; 0: they use the base's
    bool has_token_map = false; // the rows stand for some tokens only
};

struct BaseShape
{
    int64_t width = 0;
    int64_t vocab = 0;
};

/// "heads are 8 wide, the base model 16"; empty where they fit. A vocabulary matrix may have some
/// rows more than the base knows tokens: padding, which loading leaves out.
std::string shapeMismatch(const HeadsShape& heads, const BaseShape& base);

/// "vicuna-7b-v1.3" of "lmsys/vicuna-7b-v1.3" or of a path.
std::string lastNamePart(std::string name);
/// What config.json names as the base; empty for "N/A", "None" and the like.
std::string statedModel(std::string_view base_model_name_or_path);
/// True where both names may be of one model: case, owner, and the prefix that a family once had
/// ("Meta-Llama-3.1-8B") aside.
bool namesSameModel(std::string_view a, std::string_view b);

} // namespace gorgon
