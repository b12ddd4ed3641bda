// SPDX-License-Identifier: Apache-2.0
// The file: 16 bytes of magic; matrices, each at a multiple of 64; an index in JSON; its hash (32
// hexadecimal digits), offset and length (8 bytes each); 16 bytes of magic.
#include "core/model/weights_cache.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "core/model/content_hash.h"
#include "core/model/file_error.h"
#include "core/model/json_file.h"
#include "core/model/new_file.h"

namespace gorgon {

namespace {

// note: raised whenever loading makes other matrices from the same tensors, or quantizes otherwise.
constexpr std::string_view kMagic = "gorgon weights 1";
constexpr size_t kTrailerBytes = 32 + 8 + 8 + 16;
constexpr uint64_t kMaxIndexBytes = uint64_t(64) << 20;
constexpr size_t kBlockBytes = size_t(4) << 20;
constexpr uint64_t kAlign = 64;
constexpr uint64_t kSampleBytes = 4096;

std::vector<const TensorFile*> filesOf(const Checkpoint& checkpoint)
{
    std::vector<const TensorFile*> files;
    for (const auto& file : checkpoint.files())
        files.push_back(file.get());
    std::sort(files.begin(), files.end(), [](const TensorFile* a, const TensorFile* b) {
        return a->path().filename() < b->path().filename();
    });
    return files;
}

std::string stampsOf(const Checkpoint& checkpoint)
{
    std::string text;
    for (const TensorFile* file : filesOf(checkpoint)) {
        std::error_code error;
        const auto time = std::filesystem::last_write_time(file->path(), error);
        const auto ns
            = std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch());
        text += std::to_string(file->bytes()) + " " + std::to_string(error ? 0 : ns.count()) + " "
            + file->path().filename().string() + "\n";
    }
    return text;
}

std::string smallFile(const std::filesystem::path& path)
{
    try {
        const PlainFile file(path);
        return file.bytes() > kMaxIndexBytes ? "" : file.text(0, file.bytes());
    } catch (const std::runtime_error&) {
        return {};
    }
}

uint64_t wordAt(std::string_view bytes)
{
    uint64_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof word);
    return word;
}

std::string hashOf(std::string_view text)
{
    ContentHash hash;
    hash.add(text);
    return hash.hex();
}

/// A name beside the file that nobody else uses now.
std::filesystem::path partOf(std::filesystem::path file)
{
    static std::atomic<int> n_parts = 0;
    return file += ".part-" + std::to_string(::getpid()) + "-" + std::to_string(++n_parts);
}

/// Whether the process that began a part ("NAME.part-PID-NUMBER") is there.
bool isWritten(const std::string& name)
{
    const size_t mark = name.find(".part-");
    const int pid = std::atoi(name.c_str() + mark + std::strlen(".part-"));
    return pid > 0 && (::kill(pid, 0) == 0 || errno != ESRCH);
}

/// Parts that a killed process left; another one may be writing now, perhaps on another machine.
void removeOldParts(const std::filesystem::path& folder)
{
    std::error_code error;
    const auto now = std::filesystem::file_time_type::clock::now();
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
        const std::string name = entry.path().filename().string();
        if (name.find(".part-") == std::string::npos)
            continue;
        const auto time = entry.last_write_time(error);
        const auto age = error ? std::chrono::hours(0) : now - time;
        if (age > std::chrono::hours(24) || (age > std::chrono::minutes(1) && !isWritten(name)))
            std::filesystem::remove(entry.path(), error);
    }
}

bool syncAndClose(std::FILE* out)
{
    const bool flushed = std::fflush(out) == 0 && ::fsync(fileno(out)) == 0;
    return std::fclose(out) == 0 && flushed;
}

} // namespace

std::string checkpointHash(const Checkpoint& checkpoint)
{
    ContentHash hash;
    std::vector<std::byte> sample;
    const auto addNumber = [&](uint64_t n) { hash.add(std::to_string(n) + ","); };
    for (const TensorFile* file : filesOf(checkpoint)) {
        hash.add(file->path().filename().string() + "\n");
        addNumber(file->bytes());
        for (const auto& [name, info] : file->tensors()) {
            hash.add(name + "\n" + info.dtype + "\n" + shapeText(info.shape));
            addNumber(info.offset);
            addNumber(info.bytes);
            sample.resize(std::min(info.bytes, kSampleBytes));
            if (!sample.empty())
                file->read(info, (info.bytes - sample.size()) / 2, sample);
            hash.add(sample);
        }
    }
    return hash.hex();
}

WeightsCache::WeightsCache(const std::filesystem::path& folder, const Checkpoint& checkpoint,
    const std::string& hash, DType dtype, const Backend& backend,
    std::function<void(const std::string&)> on_note)
    : m_on_note(std::move(on_note))
{
    if (folder.empty() || !isQuantized(dtype) || backend.weightLayout().empty())
        return;
    m_file = folder / (hash + "-" + dtypeName(dtype) + "-" + backend.weightLayout() + ".weights");
    m_stamps = stampsOf(checkpoint);
    std::error_code error;
    if (std::filesystem::exists(m_file, error)) {
        try {
            openFile();
            std::filesystem::path stamps = m_file;
            m_stamps_match = smallFile(stamps.replace_extension(".stamps")) == m_stamps;
            return;
        } catch (const std::runtime_error&) {
            m_source.reset();
            m_entries.clear();
            if (m_on_note)
                m_on_note(m_file.string()
                    + ": a cache of quantized weights was expected, the file is damaged; it is "
                      "made "
                      "again");
            m_on_note = nullptr;
            std::filesystem::remove(m_file, error);
        }
    }
    beginFile();
}

WeightsCache::~WeightsCache()
{
    if (m_out)
        std::fclose(m_out);
    std::error_code error;
    if (!m_part.empty())
        std::filesystem::remove(m_part, error);
}

void WeightsCache::openFile()
{
    m_source.emplace(m_file);
    const auto check = [](bool sound) {
        if (!sound)
            throw std::runtime_error("damaged");
    };
    const uint64_t size = m_source->bytes();
    check(size >= kMagic.size() + kTrailerBytes);
    const std::string trailer = m_source->text(size - kTrailerBytes, kTrailerBytes);
    check(std::string_view(trailer).substr(48) == kMagic);
    check(m_source->text(0, kMagic.size()) == kMagic);
    const uint64_t offset = wordAt(std::string_view(trailer).substr(32));
    const uint64_t bytes = wordAt(std::string_view(trailer).substr(40));
    check(bytes <= kMaxIndexBytes && offset <= size && offset + bytes + kTrailerBytes == size);
    const std::string text = m_source->text(offset, bytes);
    check(hashOf(text) == trailer.substr(0, 32));
    // The hash says that the index is as it was written; its numbers are checked all the same.
    try {
        for (const nlohmann::json& each : parseJson(text, m_file)) {
            Entry entry{each.at("dtype"), each.at("n_out"), each.at("n_in"), each.at("offset"),
                each.at("bytes"), each.at("hash"), each.at("source_hash")};
            check(entry.offset <= offset && entry.bytes <= offset - entry.offset);
            m_entries.emplace(each.at("key"), std::move(entry));
        }
    } catch (const nlohmann::json::exception&) {
        check(false);
    }
    m_n_bytes = size;
}

void WeightsCache::beginFile()
{
    std::error_code error;
    std::filesystem::create_directories(m_file.parent_path(), error);
    if (error)
        return giveUp(error.message());
    removeOldParts(m_file.parent_path());
    m_part = partOf(m_file);
    m_out = std::fopen(m_part.c_str(), "wbe");
    if (!m_out) {
        m_part.clear();
        return giveUp(std::strerror(errno));
    }
    append(kMagic.data(), kMagic.size());
}

const WeightsCache::Entry& WeightsCache::find(const std::string& key, const Matrix& matrix) const
{
    const auto found = m_entries.find(key);
    if (found == m_entries.end() || found->second.dtype != dtypeName(matrix.dtype)
        || found->second.n_out != matrix.n_out || found->second.n_in != matrix.n_in
        || found->second.bytes != matrix.usedBytes())
        discard("the matrices in it are others");
    return found->second;
}

void WeightsCache::checkSource(
    const std::string& key, const Matrix& matrix, const std::string& source_hash) const
{
    if (find(key, matrix).source_hash != source_hash)
        discard("the checkpoint has changed since");
}

void WeightsCache::read(const std::string& key, Backend& backend, Matrix& matrix)
{
    const Entry& entry = find(key, matrix);
    ContentHash hash;
    auto* const to = matrix.data.as<std::byte>();
    for (uint64_t done = 0; done < entry.bytes; done += m_block.size()) {
        m_block.resize(std::min<uint64_t>(kBlockBytes, entry.bytes - done));
        try {
            m_source->read(entry.offset + done, m_block);
        } catch (const std::runtime_error&) {
            discard("the file is damaged");
        }
        m_source->expect(entry.offset + done + m_block.size(), kBlockBytes);
        hash.add(m_block);
        backend.upload(to + done, m_block.data(), m_block.size());
    }
    if (hash.hex() != entry.hash)
        discard("the file is damaged");
}

void WeightsCache::write(
    const std::string& key, const std::string& source_hash, Backend& backend, const Matrix& matrix)
{
    if (!m_out)
        return;
    const std::array<char, kAlign> zeros{};
    append(zeros.data(), size_t((kAlign - m_n_bytes % kAlign) % kAlign));
    Entry entry{dtypeName(matrix.dtype), matrix.n_out, matrix.n_in, m_n_bytes, matrix.usedBytes(),
        {}, source_hash};
    std::error_code error;
    const auto space = std::filesystem::space(m_file.parent_path(), error);
    constexpr uint64_t kLeave = uint64_t(64) << 20; // a full disk hurts everybody
    if (!error && space.available < entry.bytes + kLeave)
        return giveUp("the disk is full");
    ContentHash hash;
    const auto* const from = matrix.data.as<const std::byte>();
    for (uint64_t done = 0; done < entry.bytes && m_out; done += m_block.size()) {
        m_block.resize(std::min<uint64_t>(kBlockBytes, entry.bytes - done));
        backend.download(m_block.data(), from + done, m_block.size());
        hash.add(m_block);
        append(m_block.data(), m_block.size());
    }
    entry.hash = hash.hex();
    m_entries.emplace(key, std::move(entry));
}

void WeightsCache::finish()
{
    if (isReading()) {
        if (!m_stamps_match)
            writeStamps(); // best effort: without it the sources are compared once more
        return;
    }
    if (!m_out)
        return;
    nlohmann::json index = nlohmann::json::array();
    for (const auto& [key, entry] : m_entries)
        index.push_back({{"key", key}, {"dtype", entry.dtype}, {"n_out", entry.n_out},
            {"n_in", entry.n_in}, {"offset", entry.offset}, {"bytes", entry.bytes},
            {"hash", entry.hash}, {"source_hash", entry.source_hash}});
    const std::string text = index.dump();
    const std::string text_hash = hashOf(text);
    const std::array<uint64_t, 2> place = {m_n_bytes, text.size()};
    append(text.data(), text.size());
    append(text_hash.data(), text_hash.size());
    append(place.data(), sizeof place);
    append(kMagic.data(), kMagic.size());
    if (!m_out)
        return;
    std::FILE* const out = m_out;
    m_out = nullptr;
    if (!syncAndClose(out))
        return giveUp(std::strerror(errno));
    std::error_code error;
    if (const std::string problem = writeStamps(); !problem.empty())
        return giveUp(problem);
    std::filesystem::rename(m_part, m_file, error);
    if (error)
        return giveUp(error.message());
    m_part.clear();
}

void WeightsCache::append(const void* data, size_t bytes)
{
    if (!m_out)
        return;
    if (std::fwrite(data, 1, bytes, m_out) != bytes)
        return giveUp(std::strerror(errno));
    m_n_bytes += bytes;
}

void WeightsCache::giveUp(const std::string& why)
{
    if (m_out)
        std::fclose(m_out);
    m_out = nullptr;
    std::error_code error;
    if (!m_part.empty())
        std::filesystem::remove(m_part, error);
    m_part.clear();
    if (m_on_note)
        m_on_note(m_file.parent_path().string()
            + ": room for quantized weights was expected, it cannot be written (" + why
            + "); they are made again at the next start");
    m_on_note = nullptr;
    m_file.clear();
}

void WeightsCache::discard(const std::string& why) const
{
    std::error_code error;
    std::filesystem::remove(m_file, error);
    throw WeightsCacheUnusable{m_file.string() + ": quantized weights of this model were expected, "
        + why + "; they are made again"};
}

std::string WeightsCache::writeStamps() const
{
    std::filesystem::path stamps = m_file;
    stamps.replace_extension(".stamps");
    try {
        replaceFile(stamps, [&](NewFile& out) { out.write(m_stamps); });
        return {};
    } catch (const std::runtime_error& problem) {
        return problem.what();
    }
}

} // namespace gorgon
