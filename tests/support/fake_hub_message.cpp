// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fake_hub_message.h"

#include <algorithm>
#include <cctype>

namespace gorgon::tests {
namespace {

bool sameName(std::string_view a, std::string_view b)
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
        [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

std::string found(
    const std::vector<std::pair<std::string, std::string>>& headers, std::string_view name)
{
    for (const auto& [key, value] : headers)
        if (sameName(key, name))
            return value;
    return "";
}

int hexDigit(char letter)
{
    const char small = char(std::tolower(static_cast<unsigned char>(letter)));
    if (small >= '0' && small <= '9')
        return small - '0';
    return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

} // namespace

std::string HubRequest::header(std::string_view name) const
{
    return found(headers, name);
}
std::string HubReply::header(std::string_view name) const
{
    return found(headers, name);
}

std::string HubRequest::query(std::string_view name, std::string otherwise) const
{
    size_t at = target.find('?');
    while (at != std::string::npos) {
        const size_t end = std::min(target.find('&', at + 1), target.size());
        std::string part = target.substr(at + 1, end - at - 1);
        std::replace(part.begin(), part.end(), '+', ' ');
        const size_t equals = std::min(part.find('='), part.size());
        if (percentDecoded(part.substr(0, equals)) == name)
            return equals < part.size() ? percentDecoded(part.substr(equals + 1)) : "";
        at = end < target.size() ? end : std::string::npos;
    }
    return otherwise;
}

std::string percentDecoded(std::string_view text)
{
    std::string result;
    for (size_t i = 0; i < text.size(); ++i) {
        const bool escaped = text[i] == '%' && i + 2 < text.size() && hexDigit(text[i + 1]) >= 0
            && hexDigit(text[i + 2]) >= 0;
        if (escaped) {
            result += char(hexDigit(text[i + 1]) * 16 + hexDigit(text[i + 2]));
            i += 2;
        } else {
            result += text[i];
        }
    }
    return result;
}

std::string percentEncoded(std::string_view text)
{
    std::string result;
    for (const unsigned char letter : text) {
        if (std::isalnum(letter)
            || std::string_view("-._~/").find(char(letter)) != std::string_view::npos) {
            result += char(letter);
        } else {
            result += '%';
            result += "0123456789ABCDEF"[letter >> 4];
            result += "0123456789ABCDEF"[letter & 15];
        }
    }
    return result;
}

void HubReply::setHeader(std::string_view name, std::string value)
{
    dropHeader(name);
    headers.emplace_back(name, std::move(value));
}

void HubReply::dropHeader(std::string_view name)
{
    std::erase_if(headers, [&](const auto& header) { return sameName(header.first, name); });
}

void HubReply::setBody(std::string text)
{
    whole = heldBytes(std::move(text));
    first = 0;
    length = whole.size;
}

HubReply textReply(unsigned status, std::string type, std::string text)
{
    HubReply reply;
    reply.status = status;
    reply.setHeader("Content-Type", std::move(type));
    reply.setBody(std::move(text));
    return reply;
}

} // namespace gorgon::tests
