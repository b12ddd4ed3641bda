// SPDX-License-Identifier: Apache-2.0
#include "core/hub/hub_writer.h"

#include <algorithm>
#include <fstream>
#include <map>

#include "core/hub/base64.h"
#include "core/hub/hub_json.h"
#include "core/hub/hub_names.h"
#include "core/hub/retries.h"

namespace gorgon {

namespace {

using nlohmann::json;

constexpr const char* kJson = "application/json";
constexpr const char* kLfsJson = "application/vnd.git-lfs+json";
constexpr const char* kLines = "application/x-ndjson";
constexpr size_t kSampleBytes = 512;
constexpr size_t kFilesOfOneQuestion = 256;
constexpr size_t kMaxParts = 10'000;

[[noreturn]] void refuse(const std::string& what, const std::string& sentence)
{
    throw HubError(
        HubErrorKind::badReply, what + ": " + sentence + "; try again, or change the mirror");
}

/// Reading would do; writing needs more.
[[noreturn]] void explain(const HubError& error, const std::string& repository)
{
    HubErrorInfo info = error.info();
    if (info.kind == HubErrorKind::forbidden) {
        info.message
            = repository + ": the token may not write there; make a token with write access to it";
        info.action = HubAction::addToken;
    }
    throw HubError(std::move(info));
}

/// Part of a file, read anew at every call, so that a request can begin again.
HttpUpload partOf(
    const PushFile& file, uint64_t first, uint64_t n, const std::function<void(uint64_t)>& on_sent)
{
    if (file.content)
        return textUpload(file.content->substr(first, n));
    const auto in = std::make_shared<std::ifstream>(file.source, std::ios::binary);
    return {n, [=, source = file.source](uint64_t offset, std::span<std::byte> out) {
                in->clear();
                const size_t wanted = size_t(std::min<uint64_t>(out.size(), n - offset));
                if (!in->seekg(int64_t(first + offset))
                    || !in->read(reinterpret_cast<char*>(out.data()), int64_t(wanted)))
                    throw HubError(HubErrorKind::diskFailed,
                        source.string()
                            + ": its bytes were expected, they cannot be read any more; check the "
                              "disk, and that nothing changes the file");
                if (on_sent)
                    on_sent(offset + wanted);
                return wanted;
            }};
}

std::string addressField(const json& action, const char* name, const std::string& what)
{
    const auto found = action.find(name);
    if (found == action.end() || !found->is_object())
        return {};
    return textField(*found, "href", what);
}

} // namespace

HubWriter::HubWriter(HubClient& client, std::string repository, std::stop_token stop)
    : m_client(client)
    , m_repository(std::move(repository))
    , m_stop(std::move(stop))
{
}

HttpReply HubWriter::send(const std::string& url, const std::string& type, const std::string& body)
{
    HttpRequest request;
    request.method = HttpRequest::Method::post;
    request.url = url;
    request.headers = {{"Content-Type", type}, {"Accept", type == kLines ? kJson : type}};
    request.upload = textUpload(body);
    try {
        return m_client.follow(std::move(request), m_repository, m_stop);
    } catch (const HubError& error) {
        explain(error, m_repository);
    }
}

HttpReply HubWriter::sendPatiently(
    const std::string& url, const std::string& type, const std::string& body)
{
    Retries retries(m_client.clock(), m_client.settings().n_retries);
    for (;;) {
        try {
            return send(url, type, body);
        } catch (const HubError& error) {
            retries.wait(error, m_stop);
            ++m_n_retries;
        }
    }
}

bool HubWriter::create(bool is_private)
{
    const size_t slash = m_repository.find('/');
    json body = {{"name", m_repository.substr(slash == m_repository.npos ? 0 : slash + 1)},
        {"type", "model"}, {"private", is_private}};
    if (slash != m_repository.npos)
        body["organization"] = m_repository.substr(0, slash);
    try {
        sendPatiently(m_client.settings().endpoint + "/api/repos/create", kJson, body.dump());
    } catch (const HubError& error) {
        if (error.info().status == 409)
            return false;
        throw;
    }
    return true;
}

std::vector<std::optional<bool>> HubWriter::uploadModes(const std::vector<const PushFile*>& files)
{
    std::map<std::string, std::optional<bool>> modes;
    for (size_t i = 0; i < files.size(); i += kFilesOfOneQuestion) {
        json list = json::array();
        for (size_t j = i; j < std::min(files.size(), i + kFilesOfOneQuestion); ++j) {
            const PushFile& file = *files[j];
            std::string sample(size_t(std::min<uint64_t>(kSampleBytes, file.bytes)), '\0');
            const HttpUpload bytes = partOf(file, 0, sample.size(), {});
            if (!sample.empty())
                bytes.read(0, std::as_writable_bytes(std::span(sample)));
            list.push_back({{"path", file.path}, {"sample", base64(sample)}, {"size", file.bytes}});
        }
        const HttpReply reply = sendPatiently(m_client.settings().endpoint + "/api/models/"
                + urlPath(m_repository) + "/preupload/main",
            kJson, json{{"files", list}}.dump());
        const json answer = parseHubJson(reply.body, m_repository);
        const auto found = answer.is_object() ? answer.find("files") : answer.end();
        if (found == answer.end() || !found->is_array())
            refuse(m_repository, "a list of files was expected, found something else");
        for (const json& each : *found) {
            const std::string mode = textField(each, "uploadMode", m_repository);
            if (mode != "lfs" && mode != "regular")
                refuse(m_repository, "lfs or regular was expected, found " + printable(mode, 40));
            modes[textField(each, "path", m_repository)]
                = flagField(each, "shouldIgnore") ? std::nullopt : std::optional(mode == "lfs");
        }
    }
    std::vector<std::optional<bool>> result;
    for (const PushFile* file : files) {
        const auto mode = modes.find(file->path);
        if (mode == modes.end())
            refuse(
                m_repository, "a word on " + printable(file->path) + " was expected, found none");
        // Nothing cannot be uploaded ahead of the commit.
        result.push_back(file->bytes == 0 && mode->second ? false : mode->second);
    }
    return result;
}

std::string HubWriter::checkedAddress(const std::string& url) const
{
    return redirectTarget(parseUrl(m_client.settings().endpoint), url).text();
}

LfsAction HubWriter::lfsAction(const PushFile& file)
{
    const json body = {{"operation", "upload"}, {"transfers", {"basic", "multipart"}},
        {"objects", {{{"oid", file.sha256}, {"size", file.bytes}}}}, {"hash_algo", "sha256"},
        {"ref", {{"name", "main"}}}};
    const HttpReply reply = sendPatiently(
        m_client.settings().endpoint + "/" + urlPath(m_repository) + ".git/info/lfs/objects/batch",
        kLfsJson, body.dump());
    const std::string what = m_repository + ": " + file.path;
    const json answer = parseHubJson(reply.body, what);
    const auto objects = answer.is_object() ? answer.find("objects") : answer.end();
    if (objects == answer.end() || !objects->is_array() || objects->size() != 1
        || textField(objects->front(), "oid", what) != file.sha256)
        refuse(what, "instructions for its upload were expected, found something else");
    const json& object = objects->front();
    if (const auto error = object.find("error"); error != object.end() && error->is_object())
        throw HubError(HubErrorKind::refusedRequest,
            what + ": the hub does not take it ("
                + printable(textField(*error, "message", what), 160)
                + "); check its size and the account's storage");
    LfsAction action;
    const auto actions = object.find("actions");
    if (actions == object.end() || actions->is_null()) {
        action.is_here = true;
        return action;
    }
    const std::string href = addressField(*actions, "upload", what);
    if (href.empty())
        refuse(what, "an address for its upload was expected, found none");
    action.upload_url = checkedAddress(href);
    if (const std::string verify = addressField(*actions, "verify", what); !verify.empty())
        action.verify_url = checkedAddress(verify);
    const json& upload = actions->at("upload");
    const auto header = upload.find("header");
    if (header == upload.end() || !header->is_object() || !header->contains("chunk_size"))
        return action;
    const json& chunk = header->at("chunk_size");
    const std::string digits = chunk.is_string() ? chunk.get<std::string>() : chunk.dump();
    const bool is_number = !digits.empty() && digits.size() <= 13
        && digits.find_first_not_of("0123456789") == digits.npos;
    action.chunk_bytes = is_number ? std::stoull(digits) : 0;
    if (action.chunk_bytes == 0)
        refuse(what, "the size of a part was expected, found " + printable(digits, 40));
    const uint64_t n_parts = (file.bytes + action.chunk_bytes - 1) / action.chunk_bytes;
    if (n_parts > kMaxParts)
        refuse(what, "at most " + std::to_string(kMaxParts) + " parts were expected");
    // Numbered from 1, with zeros in front or not.
    action.part_urls.resize(n_parts);
    for (const auto& [name, url] : header->items()) {
        if (name.find_first_not_of("0123456789") != name.npos || name.empty() || name.size() > 9
            || !url.is_string())
            continue;
        const uint64_t number = std::stoull(name);
        if (number < 1 || number > n_parts)
            refuse(what, "addresses of " + std::to_string(n_parts) + " parts were expected");
        action.part_urls[number - 1] = checkedAddress(url.get<std::string>());
    }
    for (const std::string& url : action.part_urls)
        if (url.empty())
            refuse(what, "addresses of " + std::to_string(n_parts) + " parts were expected");
    return action;
}

std::string HubWriter::put(const std::string& url, const PushFile& file, uint64_t first, uint64_t n,
    const std::function<void(uint64_t)>& on_sent)
{
    const std::string what = m_repository + ": " + file.path;
    Retries retries(m_client.clock(), m_client.settings().n_retries);
    for (;;) {
        try {
            HttpRequest request;
            request.method = HttpRequest::Method::put;
            request.url = url;
            request.upload = partOf(file, first, n, on_sent);
            const HttpReply reply = m_client.follow(std::move(request), what, m_stop);
            return std::string(reply.headers.get("etag"));
        } catch (const HubError& error) {
            HubErrorInfo info = error.info();
            if (info.status >= 400 && info.status < 500 && info.status != 408 && info.status != 429)
            {
                info.kind = HubErrorKind::refusedRequest;
                throw HubError(std::move(info));
            }
            retries.wait(error, m_stop);
            ++m_n_retries;
        }
    }
}

void HubWriter::completeParts(
    const std::string& url, const std::string& oid, const std::vector<std::string>& etags)
{
    json parts = json::array();
    for (size_t i = 0; i < etags.size(); ++i)
        parts.push_back({{"partNumber", i + 1}, {"etag", etags[i]}});
    sendPatiently(url, kLfsJson, json{{"oid", oid}, {"parts", parts}}.dump());
}

void HubWriter::verify(const std::string& url, const PushFile& file)
{
    sendPatiently(url, kLfsJson, json{{"oid", file.sha256}, {"size", file.bytes}}.dump());
}

std::string HubWriter::commit(const std::vector<json>& lines)
{
    std::string body;
    for (const json& line : lines)
        body += line.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
    const HttpReply reply = send(
        m_client.settings().endpoint + "/api/models/" + urlPath(m_repository) + "/commit/main",
        kLines, body);
    const std::string commit
        = textField(parseHubJson(reply.body, m_repository), "commitOid", m_repository);
    if (!isCommit(commit))
        refuse(m_repository, "the new commit was expected, found " + printable(commit, 60));
    return commit;
}

} // namespace gorgon
