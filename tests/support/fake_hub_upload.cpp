// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fake_hub_upload.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

namespace gorgon::tests {
namespace {

using nlohmann::json;

constexpr uint64_t kMaxInline = 10'000'000;

HubReply jsonReply(const json& value, unsigned status = 200)
{
    return textReply(status, "application/json", value.dump());
}

HubReply errorReply(unsigned status, const std::string& message, const std::string& code = "")
{
    HubReply reply = jsonReply({{"error", message}}, status);
    reply.setHeader("X-Error-Message", message);
    if (!code.empty())
        reply.setHeader("X-Error-Code", code);
    return reply;
}

std::string tokenOf(const HubRequest& request)
{
    const std::string value = request.header("authorization");
    return value.rfind("Bearer ", 0) == 0 ? value.substr(7) : "";
}

std::string decoded(const std::string& base64)
{
    static const std::string letters
        = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string bytes;
    uint32_t bits = 0;
    int n_bits = 0;
    for (const char letter : base64) {
        if (letter == '=')
            break;
        const size_t value = letters.find(letter);
        if (value == std::string::npos)
            throw std::runtime_error("no base64");
        bits = bits << 6 | uint32_t(value);
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            bytes += char(bits >> n_bits & 255);
        }
    }
    return bytes;
}

/// The connection ends without a word.
HubReply nothing()
{
    HubReply reply;
    reply.raw_head = "";
    reply.end = HubReply::End::reset;
    return reply;
}

class Writing
{
public:
    Writing(const HubRequest& request, HubContent& content, HubUploads& uploads, HubRules& rules,
        const HubAddresses& addresses)
        : m_request(request)
        , m_content(content)
        , m_uploads(uploads)
        , m_rules(rules)
        , m_addresses(addresses)
    {
    }

    HubReply answer()
    {
        const std::string path = m_request.path();
        if (m_request.host == HubHost::cdn)
            return m_request.method == "PUT" ? stored(path) : errorReply(405, "Method not allowed");
        if (HubReply no = refused(); no.status != 200)
            return no;
        if (path == "/api/repos/create")
            return created();
        const auto idIn = [&](const std::string& before, const std::string& after) {
            const bool is_it = path.starts_with(before) && path.ends_with(after)
                && path.size() > before.size() + after.size();
            return is_it ? percentDecoded(
                       path.substr(before.size(), path.size() - before.size() - after.size()))
                         : "";
        };
        if (const std::string id = idIn("/api/models/", "/preupload/main"); !id.empty())
            return known(id) ? modes() : unknown();
        if (const std::string id = idIn("/", ".git/info/lfs/objects/batch"); !id.empty())
            return known(id) ? batch(id) : unknown();
        if (const std::string id = idIn("/", ".git/info/lfs/verify"); !id.empty())
            return known(id) ? verified() : unknown();
        if (path == "/api/complete_multipart")
            return completed();
        if (const std::string id = idIn("/api/models/", "/commit/main"); !id.empty())
            return known(id) ? committed(id) : unknown();
        return errorReply(404, "Sorry, we can't find the page you are looking for.");
    }

private:
    bool known(const std::string& id) const { return m_content.repositories.contains(id); }
    static HubReply unknown() { return errorReply(404, "Repository not found", "RepoNotFound"); }

    /// Status 200 where the token may write.
    HubReply refused() const
    {
        const std::string token = tokenOf(m_request);
        if (token.empty())
            return errorReply(401, "Invalid username or password.");
        if (!m_content.tokens.contains(token))
            return errorReply(401, "Invalid credentials in Authorization header");
        if (!m_rules.writers.contains(token))
            return errorReply(403, "You don't have the required permissions.");
        return {};
    }

    HubReply created()
    {
        const json body = json::parse(m_request.body);
        const std::string id
            = (body.contains("organization") ? body.at("organization").get<std::string>() + "/"
                                             : std::string())
            + body.at("name").get<std::string>();
        if (known(id))
            return errorReply(409, "You already created this model repo");
        m_content.commit(id, {{".gitattributes", smallFile("*.pt filter=lfs\n")}});
        if (body.value("private", false)) {
            m_content.repositories[id].access = HubRepository::Access::secret;
            m_content.repositories[id].admitted = {tokenOf(m_request)};
        }
        return jsonReply({{"url", m_addresses.hub + "/" + id}, {"id", id}});
    }

    HubReply modes() const
    {
        json files = json::array();
        const json body = json::parse(m_request.body);
        for (const json& file : body.at("files")) {
            const bool is_large = file.at("size") >= m_rules.large_from;
            decoded(file.at("sample"));
            files.push_back(
                {{"path", file.at("path")}, {"uploadMode", is_large ? "lfs" : "regular"},
                    {"shouldIgnore", file.at("path").get<std::string>().ends_with(".ignored")},
                    {"oid", nullptr}});
        }
        return jsonReply({{"files", files}});
    }

    bool isHere(const std::string& oid) const
    {
        return m_uploads.objects.contains(oid) || m_content.largeFileNamed(oid);
    }

    HubReply batch(const std::string& id)
    {
        const json body = json::parse(m_request.body);
        json objects = json::array();
        for (const json& asked : body.at("objects")) {
            const std::string oid = asked.at("oid");
            const uint64_t size = asked.at("size");
            json object = {{"oid", oid}, {"size", size}};
            const json verify = {{"href", m_addresses.hub + "/" + id + ".git/info/lfs/verify"}};
            const uint64_t chunk = m_rules.upload_chunk_bytes;
            const std::string round = "?round=" + std::to_string(m_rules.signing_round);
            if (size > m_rules.max_upload_bytes) {
                object["error"] = {{"code", 422}, {"message", "Storage limit reached"}};
            } else if (!isHere(oid) && (chunk == 0 || size <= chunk)) {
                object["actions"] = {{"verify", verify},
                    {"upload", {{"href", m_addresses.cdn + "/upload/" + oid + round}}}};
            } else if (!isHere(oid)) {
                const std::string upload = "u" + std::to_string(++m_uploads.n_uploads);
                m_uploads.open[upload] = {oid, size, chunk, m_rules.signing_round, {}};
                json header = {{"chunk_size", std::to_string(chunk)}};
                for (uint64_t i = 1; i <= (size + chunk - 1) / chunk; ++i) {
                    std::string number = std::to_string(i);
                    number.insert(0, 5 - std::min<size_t>(5, number.size()), '0');
                    header[number]
                        = m_addresses.cdn + "/part/" + upload + "/" + std::to_string(i) + round;
                }
                object["actions"] = {{"verify", verify},
                    {"upload",
                        {{"href", m_addresses.hub + "/api/complete_multipart?uploadId=" + upload},
                            {"header", header}}}};
            }
            objects.push_back(object);
        }
        return jsonReply({{"transfer", "multipart"}, {"objects", objects}});
    }

    HubReply stored(const std::string& path)
    {
        if (!m_request.header("authorization").empty())
            return errorReply(400, "a token was sent to another host");
        if (m_request.query("round") != std::to_string(m_rules.signing_round))
            return errorReply(403, "Request has expired");
        if (m_rules.uploads_until_cut && (*m_rules.uploads_until_cut)-- == 0) {
            m_rules.uploads_until_cut = 0;
            return nothing();
        }
        const size_t slash = path.rfind('/');
        HubReply reply = textReply(200, "text/plain", "");
        reply.setHeader("ETag", '"' + sha1Of(m_request.body) + '"');
        if (path.starts_with("/upload/")) {
            const std::string oid = path.substr(slash + 1);
            if (sha256Of(heldBytes(m_request.body)) != oid)
                return errorReply(400, "the bytes have another hash");
            m_uploads.objects[oid] = m_request.body;
            return reply;
        }
        const auto found = m_uploads.open.find(path.substr(6, slash - 6));
        if (!path.starts_with("/part/") || found == m_uploads.open.end())
            return errorReply(404, "no such upload");
        HubUploads::Parts& parts = found->second;
        const unsigned number = unsigned(std::stoul(path.substr(slash + 1)));
        const uint64_t first = (number - 1) * parts.chunk;
        if (m_request.body.size() != std::min(parts.chunk, parts.size - first))
            return errorReply(400, "the part has another size");
        parts.arrived[number] = m_request.body;
        return reply;
    }

    HubReply completed()
    {
        const auto found = m_uploads.open.find(m_request.query("uploadId"));
        if (found == m_uploads.open.end())
            return errorReply(404, "no such upload");
        const HubUploads::Parts& parts = found->second;
        std::string whole;
        unsigned number = 0;
        const json body = json::parse(m_request.body);
        for (const json& part : body.at("parts")) {
            const auto arrived = parts.arrived.find(++number);
            if (part.at("partNumber") != number || arrived == parts.arrived.end()
                || part.at("etag") != '"' + sha1Of(arrived->second) + '"')
                return errorReply(400, "a part is missing");
            whole += arrived->second;
        }
        if (body.at("oid") != parts.oid || sha256Of(heldBytes(whole)) != parts.oid)
            return errorReply(400, "the bytes have another hash");
        m_uploads.objects[parts.oid] = whole;
        m_uploads.open.erase(found);
        return jsonReply({{"success", true}});
    }

    HubReply verified() const
    {
        const json body = json::parse(m_request.body);
        const bool is_here = isHere(body.at("oid"));
        return is_here ? jsonReply(json::object()) : errorReply(404, "no such object");
    }

    HubReply committed(const std::string& id)
    {
        HubRepository& repository = m_content.repositories[id];
        const std::string head = repository.refs["main"];
        HubFiles files = head.empty() ? HubFiles() : repository.commits[head];
        std::istringstream lines(m_request.body);
        for (std::string line; std::getline(lines, line);) {
            const json object = json::parse(line);
            const json& value = object.at("value");
            const std::string key = object.at("key");
            if (key == "header") {
                if (value.contains("parentCommit") && value.at("parentCommit") != head)
                    return errorReply(412, "A commit has happened since.");
            } else if (key == "file") {
                const std::string bytes = decoded(value.at("content"));
                if (bytes.size() > kMaxInline)
                    return errorReply(413, "too large");
                files[value.at("path")] = smallFile(bytes);
            } else if (key == "lfsFile") {
                const std::string oid = value.at("oid");
                const auto object_here = m_uploads.objects.find(oid);
                const HubFile* const old = m_content.largeFileNamed(oid);
                if (object_here == m_uploads.objects.end() && !old)
                    return errorReply(400, "the large file is not here");
                files[value.at("path")]
                    = old ? *old : largeFile(heldBytes(object_here->second), oid);
            }
        }
        const std::string commit = m_content.commit(id, files);
        return jsonReply({{"success", true}, {"commitOid", commit},
            {"commitUrl", m_addresses.hub + "/" + id + "/commit/" + commit}});
    }

    const HubRequest& m_request;
    HubContent& m_content;
    HubUploads& m_uploads;
    HubRules& m_rules;
    const HubAddresses& m_addresses;
};

} // namespace

bool isUpload(const HubRequest& request)
{
    return request.method == "POST" || request.method == "PUT";
}

HubReply uploadReply(const HubRequest& request, HubContent& content, HubUploads& uploads,
    HubRules& rules, const HubAddresses& addresses)
{
    try {
        return Writing(request, content, uploads, rules, addresses).answer();
    } catch (const std::exception& problem) { // what was sent is not what the protocol says
        return errorReply(400, problem.what());
    }
}

} // namespace gorgon::tests
