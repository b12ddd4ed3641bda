// SPDX-License-Identifier: Apache-2.0
#include "core/model/heads_match.h"

#include <algorithm>

namespace gorgon {

namespace {

constexpr int64_t kMaxPadding = 256; // rows: engines pad vocabularies to multiples of 64 or so

std::string lowerCase(std::string text)
{
    for (char& c : text)
        if (c >= 'A' && c <= 'Z')
            c = char(c - 'A' + 'a');
    return text;
}

} // namespace

std::string shapeMismatch(const HeadsShape& heads, const BaseShape& base)
{
    if (heads.width != base.width)
        return "heads are " + std::to_string(heads.width) + " wide, the base model "
            + std::to_string(base.width);
    const int64_t more = heads.vocab_rows > 0 ? heads.vocab_rows - base.vocab : 0;
    if (more >= 0 && more < kMaxPadding)
        return "";
    if (heads.has_token_map && more < 0)
        return "heads draft from " + std::to_string(heads.vocab_rows)
            + " tokens only (token_map), the base model knows " + std::to_string(base.vocab)
            + "; take heads with the whole vocabulary";
    return "heads know " + std::to_string(heads.vocab_rows) + " tokens, the base model "
        + std::to_string(base.vocab);
}

std::string lastNamePart(std::string name)
{
    while (name.size() > 1 && name.ends_with('/'))
        name.pop_back();
    return name.substr(name.find_last_of('/') + 1);
}

std::string statedModel(std::string_view base_model_name_or_path)
{
    const std::string name(base_model_name_or_path);
    const std::string last = lastNamePart(name);
    return name == "N/A" || last.empty() || last == "None" || last == "/" ? "" : name;
}

bool namesSameModel(std::string_view a, std::string_view b)
{
    const auto bare = [](std::string_view name) {
        std::string last = lowerCase(lastNamePart(std::string(name)));
        constexpr std::string_view kOldPrefix = "meta-llama-3";
        return last.starts_with(kOldPrefix) ? last.substr(5) : last;
    };
    const std::string first = bare(a);
    return !first.empty() && first == bare(b);
}

} // namespace gorgon
