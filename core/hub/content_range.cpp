// SPDX-License-Identifier: Apache-2.0
#include "core/hub/content_range.h"

#include <charconv>

namespace gorgon {

namespace {

bool takeNumber(std::string_view& text, uint64_t& value)
{
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc())
        return false;
    text.remove_prefix(size_t(end - text.data()));
    return true;
}

bool take(std::string_view& text, std::string_view expected)
{
    if (!text.starts_with(expected))
        return false;
    text.remove_prefix(expected.size());
    return true;
}

} // namespace

std::optional<ContentRange> parseContentRange(std::string_view text)
{
    ContentRange range;
    uint64_t total = 0;
    if (!take(text, "bytes ") || !takeNumber(text, range.first) || !take(text, "-")
        || !takeNumber(text, range.last) || !take(text, "/") || range.last < range.first)
        return std::nullopt;
    if (text == "*")
        return range;
    if (!takeNumber(text, total) || !text.empty() || range.last >= total)
        return std::nullopt;
    range.total = total;
    return range;
}

} // namespace gorgon
