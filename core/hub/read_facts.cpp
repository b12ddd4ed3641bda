// SPDX-License-Identifier: Apache-2.0
#include "core/hub/read_facts.h"

#include <algorithm>
#include <fstream>
#include <functional>

#include "core/hub/choose_files.h"
#include "core/hub/content_range.h"
#include "core/hub/damaged_blob.h"
#include "core/hub/retries.h"

namespace gorgon {

namespace {

constexpr uint64_t kMaxTextBytes = uint64_t(8) << 20;
constexpr uint64_t kMaxHeaderBytes = uint64_t(16) << 20; // of a safetensors file
constexpr uint64_t kLengthBytes = 8; // in front of the header
constexpr uint64_t kFirstBytes = 64 << 10; // holds most headers whole

bool isText(const std::string& path)
{
    return path == "config.json" || path == "quantize_config.json" || path.ends_with(".index.json");
}

/// Of heads, and of weights that are not in shards.
bool hasHeader(const std::string& path)
{
    return path == "medusa_lm_head.safetensors" || path == "model.safetensors";
}

bool keepsBack(const HubError& error)
{
    return error.kind() == HubErrorKind::gated || error.kind() == HubErrorKind::forbidden
        || error.kind() == HubErrorKind::repositoryNotFound;
}

class FactReader
{
public:
    FactReader(HubClient& client, const HubCache& cache, std::string repository,
        const std::stop_token& stop)
        : m_client(client)
        , m_cache(cache)
        , m_repository(std::move(repository))
        , m_stop(stop)
    {
    }

    ModelFacts read(const std::string& revision)
    {
        const ModelInformation information = m_client.model(m_repository, revision, m_stop);
        ModelFacts facts;
        facts.repository = m_repository;
        facts.revision = revision;
        facts.commit = m_commit = information.commit;
        facts.licence = information.licence;
        facts.base_models = information.base_models;
        facts.tags = information.model.tags;
        facts.is_gated = information.model.gate != Gate::none;
        facts.is_private = information.model.is_private;
        try {
            const FileListing listing = m_client.files(m_repository, m_commit, m_stop);
            readFiles(chooseFiles(listing.files), facts);
        } catch (const HubError& error) {
            if (!keepsBack(error))
                throw;
            facts.unread = error.what();
        }
        return facts;
    }

private:
    void readFiles(const ChosenFiles& chosen, ModelFacts& facts)
    {
        facts.problem = chosen.problem;
        facts.has_weights = chosen.has_weights;
        facts.has_heads = chosen.has_heads;
        facts.has_pickle = chosen.has_pickle;
        for (const RemoteFile& file : chosen.files)
            facts.files.push_back({file.path, file.bytes, isHere(file)});
        for (const RemoteFile& file : chosen.files) {
            if (isText(file.path) && file.bytes <= kMaxTextBytes)
                facts.texts[file.path] = part(file, 0, file.bytes);
            else if (hasHeader(file.path) && file.bytes > kLengthBytes)
                if (std::string header = headerOf(file); !header.empty())
                    facts.headers[file.path] = std::move(header);
        }
    }

    /// A blob counts whichever snapshot it came with.
    bool isHere(const RemoteFile& file) const
    {
        const std::string& blob = file.sha256.empty() ? file.git_oid : file.sha256;
        if (!blob.empty()) {
            const auto folder = m_cache.openRepository(m_repository);
            const auto blobs = folder ? folder->open("blobs") : std::nullopt;
            const auto entry = blobs ? blobs->entry(blob) : std::nullopt;
            if (entry && entry->kind == FolderEntry::Kind::file && entry->bytes == file.bytes)
                return !isDamaged(*blobs, *entry);
        }
        const auto here = m_cache.file(m_repository, m_commit, file.path);
        return here && here->bytes == file.bytes;
    }

    /// The JSON of a safetensors file; empty where it is not one that we would read.
    std::string headerOf(const RemoteFile& file)
    {
        std::string start = part(file, 0, std::min(file.bytes, kLengthBytes + kFirstBytes));
        uint64_t n = 0;
        for (size_t i = kLengthBytes; i-- > 0;)
            n = n << 8 | uint8_t(start.at(i));
        if (n > kMaxHeaderBytes || n > file.bytes - kLengthBytes)
            return {};
        if (kLengthBytes + n > start.size())
            start += part(file, start.size(), kLengthBytes + n - start.size());
        return start.substr(kLengthBytes, n);
    }

    /// Bytes [first, first + n) of a file: from the cache where it is there.
    std::string part(const RemoteFile& file, uint64_t first, uint64_t n)
    {
        if (n == 0)
            return {};
        const auto here = m_cache.file(m_repository, m_commit, file.path);
        if (here && here->bytes == file.bytes)
            if (const auto folder = m_cache.snapshot(m_repository, m_commit)) {
                std::ifstream in(*folder / file.path, std::ios::binary);
                std::string text(n, '\0');
                if (in.seekg(int64_t(first)) && in.read(text.data(), int64_t(n)))
                    return text;
            }
        Retries retries(m_client.clock(), m_client.settings().n_retries);
        for (;;) {
            try {
                return request(file, first, n);
            } catch (const HubError& error) {
                retries.wait(error, m_stop);
            }
        }
    }

    struct Enough
    {
    };

    static bool isThatRange(const HttpReply& reply, uint64_t first, uint64_t n, uint64_t file_bytes)
    {
        const auto range = parseContentRange(reply.headers.get("content-range"));
        return range && range->first == first && range->last < first + n
            && range->total.value_or(file_bytes) == file_bytes;
    }

    std::string request(const RemoteFile& file, uint64_t first, uint64_t n)
    {
        const std::string what = m_repository + ": " + file.path;
        std::string text;
        uint64_t skip = 0; // of a server that does not know ranges
        HttpRequest ask;
        ask.url = m_client.resolveUrl(m_repository, m_commit, file.path);
        const bool is_part = first > 0 || n < file.bytes;
        if (is_part)
            ask.headers.emplace_back(
                "Range", "bytes=" + std::to_string(first) + "-" + std::to_string(first + n - 1));
        ask.is_small = true;
        ask.on_headers = [&](const HttpReply& reply) {
            skip = reply.status == 206 ? 0 : first;
            text.clear();
            if (reply.status == 206 && !isThatRange(reply, first, n, file.bytes))
                throw HubError(HubErrorKind::badReply,
                    what + ": bytes " + std::to_string(first) + " to "
                        + std::to_string(first + n - 1)
                        + " were expected, the server sends others; try again or change the "
                          "mirror");
            return true;
        };
        ask.sink = [&](std::span<const std::byte> bytes) {
            const size_t passed = size_t(std::min<uint64_t>(skip, bytes.size()));
            skip -= passed;
            const size_t wanted = std::min<size_t>(bytes.size() - passed, n - text.size());
            text.append(reinterpret_cast<const char*>(bytes.data()) + passed, wanted);
            if (text.size() == n && is_part)
                throw Enough();
            if (wanted < bytes.size() - passed)
                throw HubError(HubErrorKind::badReply,
                    what + ": " + byteCount(n)
                        + " were expected, the server sends more; try again or change the mirror");
        };
        try {
            m_client.follow(std::move(ask), what, m_stop);
        } catch (const Enough&) {
        }
        if (text.size() != n)
            throw HubError(HubErrorKind::badReply,
                what + ": " + byteCount(n) + " were expected, " + byteCount(text.size())
                    + " were found; try again or change the mirror");
        return text;
    }

    HubClient& m_client;
    const HubCache& m_cache;
    std::string m_repository;
    std::stop_token m_stop;
    std::string m_commit;
};

} // namespace

ModelFacts readFacts(HubClient& client, const HubCache& cache, const std::string& repository,
    const std::string& revision, const std::stop_token& stop)
{
    return FactReader(client, cache, repository, stop).read(revision);
}

} // namespace gorgon
