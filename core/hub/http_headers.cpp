// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <chrono>

#include "core/hub/http.h"

namespace gorgon {

namespace {

std::string lowerCase(std::string_view text)
{
    std::string result(text);
    for (char& c : result)
        if (c >= 'A' && c <= 'Z')
            c = char(c + 32);
    return result;
}

} // namespace

void HttpHeaders::add(std::string_view name, std::string_view value)
{
    const size_t begin = value.find_first_not_of(" \t");
    const size_t end = value.find_last_not_of(" \t\r\n");
    m_fields.emplace_back(lowerCase(name),
        begin == value.npos || end < begin ? ""
                                           : std::string(value.substr(begin, end - begin + 1)));
}

std::string_view HttpHeaders::get(std::string_view name) const
{
    const std::string lower = lowerCase(name);
    for (auto field = m_fields.rbegin(); field != m_fields.rend(); ++field)
        if (field->first == lower)
            return field->second;
    return {};
}

bool HttpHeaders::has(std::string_view name) const
{
    const std::string lower = lowerCase(name);
    for (const auto& field : m_fields)
        if (field.first == lower)
            return true;
    return false;
}

std::optional<uint64_t> HttpReply::contentLength() const
{
    const std::string_view text = headers.get("content-length");
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return value;
}

std::shared_ptr<HttpContext> makeHttpContext(HubSettings settings)
{
    auto context = std::make_shared<HttpContext>();
    context->bandwidth->limit(settings.bytes_per_second);
    context->settings = std::move(settings);
    return context;
}

std::chrono::nanoseconds Bandwidth::spend(uint64_t n)
{
    const uint64_t rate = m_rate;
    if (rate == 0)
        return std::chrono::nanoseconds(0);
    const int64_t now = std::chrono::steady_clock::now().time_since_epoch().count();
    const auto cost = int64_t(double(n) / double(rate) * 1e9);
    int64_t free_at = m_free_at_ns;
    int64_t next = 0;
    do
        next = std::max(free_at, now) + cost;
    while (!m_free_at_ns.compare_exchange_weak(free_at, next));
    return std::chrono::nanoseconds(next - now);
}

} // namespace gorgon
