// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fake_hub_faults.h"

#include <algorithm>
#include <stdexcept>

namespace gorgon::tests {
namespace {

HubChange endAfter(HubReply::End end, uint64_t n_bytes)
{
    return [end, n_bytes](HubReply& reply, const HubRequest&) {
        reply.end = end;
        reply.end_after = n_bytes;
    };
}

void replace(HubReply& reply, HubReply other)
{
    reply = std::move(other);
}

std::string littleEndian32(uint32_t value)
{
    std::string bytes;
    for (int i = 0; i < 4; ++i)
        bytes += char(value >> 8 * i);
    return bytes;
}

} // namespace

bool HubFault::concerns(const HubRequest& request) const
{
    return (!host || *host == request.host) && (method.empty() || method == request.method)
        && request.target.find(path) != std::string::npos;
}

HubChange cutAfter(uint64_t n_bytes)
{
    return endAfter(HubReply::End::close, n_bytes);
}
HubChange resetAfter(uint64_t n_bytes)
{
    return endAfter(HubReply::End::reset, n_bytes);
}
HubChange stallAfter(uint64_t n_bytes)
{
    return endAfter(HubReply::End::stall, n_bytes);
}
HubChange dripAfter(uint64_t n_bytes)
{
    return endAfter(HubReply::End::drip, n_bytes);
}

HubChange cutAtFileByte(uint64_t offset)
{
    return [offset](HubReply& reply, const HubRequest&) {
        if (offset < reply.first || offset >= reply.first + reply.length)
            return;
        reply.end = HubReply::End::close;
        reply.end_after = offset - reply.first;
    };
}

HubChange unanswered(HubReply::End end)
{
    return [end](HubReply& reply, const HubRequest&) {
        reply.raw_head = "";
        reply.end = end;
        reply.end_after = 0;
    };
}

HubChange headReplaced(std::string head)
{
    return [head = std::move(head)](HubReply& reply, const HubRequest&) {
        reply.raw_head = head;
        reply.end = HubReply::End::close;
        reply.end_after = 0;
    };
}

HubChange slowedTo(uint64_t bytes_per_second)
{
    return [=](HubReply& reply, const HubRequest&) { reply.bytes_per_second = bytes_per_second; };
}

HubChange rangeIgnored()
{
    return [](HubReply& reply, const HubRequest&) {
        reply.status = 200;
        reply.first = 0;
        reply.length = reply.whole.size;
        reply.dropHeader("Content-Range");
    };
}

HubChange rangeClaimed(uint64_t first, uint64_t size)
{
    return [=](HubReply& reply, const HubRequest&) {
        reply.setHeader("Content-Range",
            "bytes " + std::to_string(first) + "-" + std::to_string(size - 1) + "/"
                + std::to_string(size));
    };
}

HubChange rangeRefused()
{
    return [](HubReply& reply, const HubRequest&) {
        const std::string size = std::to_string(reply.whole.size);
        replace(reply, textReply(416, "text/plain", ""));
        reply.setHeader("Content-Range", "bytes */" + size);
    };
}

HubChange etagChanged(std::string etag)
{
    return [etag = std::move(etag)](HubReply& reply, const HubRequest&) {
        const bool linked = !reply.header("X-Linked-ETag").empty();
        reply.setHeader(linked ? "X-Linked-ETag" : "ETag", '"' + etag + '"');
    };
}

HubChange bodyResized(int64_t change)
{
    return [change](HubReply& reply, const HubRequest&) {
        reply.whole = resized(reply.whole, change);
        reply.length = uint64_t(int64_t(reply.length) + change);
    };
}

HubChange lengthDeclared(uint64_t n_bytes)
{
    return [=](HubReply& reply, const HubRequest&) { reply.declared_length = n_bytes; };
}

HubChange lengthUntold(HubReply::Framing framing)
{
    return [=](HubReply& reply, const HubRequest&) { reply.framing = framing; };
}

HubChange gzipAdded()
{
    return [](HubReply& reply, const HubRequest&) {
        reply.setBody(gzipOf(textOf(reply.body())));
        reply.setHeader("Content-Encoding", "gzip");
    };
}

HubChange bitFlipped(uint64_t offset)
{
    return
        [=](HubReply& reply, const HubRequest&) { reply.whole = flippedAt(reply.whole, offset); };
}

HubChange headerSet(std::string name, std::string value)
{
    return [=](HubReply& reply, const HubRequest&) { reply.setHeader(name, value); };
}

HubChange headerDropped(std::string name)
{
    return [=](HubReply& reply, const HubRequest&) { reply.dropHeader(name); };
}

HubChange statusOf(unsigned status, std::string text)
{
    return pageOf("text/plain", std::move(text), status);
}

HubChange tooMany(std::string retry_after)
{
    return bothOf(
        statusOf(429, "Too Many Requests"), headerSet("Retry-After", std::move(retry_after)));
}

HubChange redirectTo(std::string address, unsigned status)
{
    return bothOf(statusOf(status), headerSet("Location", std::move(address)));
}

HubChange addressExpired()
{
    return pageOf("application/xml",
        "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code><Message>Request has expired"
        "</Message></Error>",
        403);
}

HubChange captivePortal()
{
    return pageOf("text/html",
        "<!doctype html><html><title>Welcome to the hotel</title><form>Room number "
        "<input name=room></form></html>");
}

HubChange pageOf(std::string type, std::string text, unsigned status)
{
    const HubBytes held = heldBytes(std::move(text));
    return [=](HubReply& reply, const HubRequest&) {
        replace(reply, textReply(status, type, ""));
        reply.whole = held;
        reply.length = held.size;
    };
}

HubChange bothOf(HubChange first, HubChange second)
{
    return [first = std::move(first), second = std::move(second)](
               HubReply& reply, const HubRequest& request) {
        first(reply, request);
        second(reply, request);
    };
}

std::string gzipOf(const std::string& text)
{
    uint32_t crc = ~0U;
    for (const char byte : text) {
        crc ^= uint8_t(byte);
        for (int bit = 0; bit < 8; ++bit)
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
    }
    std::string bytes("\x1F\x8B\x08\0\0\0\0\0\0\xFF", 10);
    size_t at = 0;
    do {
        const size_t n = std::min<size_t>(text.size() - at, 0xFFFF);
        bytes += char(at + n == text.size());
        bytes += littleEndian32(uint32_t(n | (~n & 0xFFFF) << 16));
        bytes += text.substr(at, n);
        at += n;
    } while (at < text.size());
    return bytes + littleEndian32(~crc) + littleEndian32(uint32_t(text.size()));
}

HubChange changeNamed(const std::string& text)
{
    const size_t colon = std::min(text.find(':'), text.size());
    const std::string name = text.substr(0, colon);
    const std::string value = colon < text.size() ? text.substr(colon + 1) : "";
    const auto number = [&]() -> uint64_t {
        if (value.empty() || value.size() > 18
            || value.find_first_not_of("0123456789") != std::string::npos)
            throw std::runtime_error("fault " + text + ": expected a number behind the colon");
        return std::stoull(value);
    };
    if (name == "cut")
        return cutAfter(number());
    if (name == "reset")
        return resetAfter(number());
    if (name == "stall")
        return stallAfter(number());
    if (name == "drip")
        return dripAfter(number());
    if (name == "slow")
        return slowedTo(number());
    if (name == "flip")
        return bitFlipped(number());
    if (name == "status")
        return statusOf(unsigned(number()));
    if (name == "retry-after")
        return tooMany(value);
    if (name == "redirect")
        return redirectTo(value);
    if (name == "whole")
        return rangeIgnored();
    if (name == "no-range")
        return rangeRefused();
    if (name == "expired")
        return addressExpired();
    if (name == "gzip")
        return gzipAdded();
    if (name == "portal")
        return captivePortal();
    throw std::runtime_error("fault " + text
        + ": expected cut, reset, stall, drip, slow, flip, status, retry-after, redirect, whole, "
          "no-range, expired, gzip or portal");
}

} // namespace gorgon::tests
