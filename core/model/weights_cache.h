// SPDX-License-Identifier: Apache-2.0
// Quantized matrices on disk, in a backend's own layout, so that they are made once.
//
// A file FOLDER/HASH-FORMAT-LAYOUT.weights per checkpoint, format and backend. HASH covers names,
// sizes and tensor tables of the checkpoint's files and 4 KB out of the middle of every tensor: it
// costs no reading and is the same for every copy. Sizes and times of the files lie beside it in
// ….stamps: where they differ from those of the files (copied, edited in place), each matrix is
// taken only after its source, read whole, has the hash that was stored with the matrix. So a cache
// is used for exactly the content that it was made from.
// Every matrix and the index have hashes of 128 bits and the length is known: a damaged file is
// found out before a byte of it is used for an answer.
#pragma once

#include <cstdio>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/model/checkpoint.h"
#include "kernels/backend.h"

namespace gorgon {

/// 32 hexadecimal digits, as described above.
std::string checkpointHash(const Checkpoint& checkpoint);

/// Thrown while a cache is read that turns out damaged or made from other content. The file is gone
/// by then; load again without what was read from it.
struct WeightsCacheUnusable
{
    std::string why;
};

class WeightsCache
{
public:
    /// folder "": no cache. on_note: a sentence for people, at most one per cache.
    WeightsCache(const std::filesystem::path& folder, const Checkpoint& checkpoint,
        const std::string& hash, DType dtype, const Backend& backend,
        std::function<void(const std::string&)> on_note);
    ~WeightsCache();
    WeightsCache(const WeightsCache&) = delete;
    WeightsCache& operator=(const WeightsCache&) = delete;

    /// Nothing is cached of formats that are not quantized.
    bool isEnabled() const { return !m_file.empty(); }
    bool isReading() const { return m_source.has_value(); }
    const std::filesystem::path& file() const { return m_file; }
    /// The checkpoint's files are not those, by size and time, that were seen before: sources must
    /// be compared.
    bool mustCompare() const { return !m_stamps_match; }
    uint64_t bytes() const { return m_n_bytes; }

    /// Throws WeightsCacheUnusable where the matrix was not made from a source of this hash.
    void checkSource(
        const std::string& key, const Matrix& matrix, const std::string& source_hash) const;
    /// Fills a matrix that makeMatrix has made. Throws WeightsCacheUnusable.
    void read(const std::string& key, Backend& backend, Matrix& matrix);
    /// Appends a matrix to a new file.
    void write(const std::string& key, const std::string& source_hash, Backend& backend,
        const Matrix& matrix);
    /// A new file gets its name, an old one the times of today.
    void finish();

private:
    struct Entry
    {
        std::string dtype;
        int64_t n_out = 0;
        int64_t n_in = 0;
        uint64_t offset = 0;
        uint64_t bytes = 0;
        std::string hash;
        std::string source_hash;
    };

    void openFile();
    void beginFile();
    const Entry& find(const std::string& key, const Matrix& matrix) const;
    void append(const void* data, size_t bytes);
    void giveUp(const std::string& why);
    [[noreturn]] void discard(const std::string& why) const;
    std::string writeStamps() const; // what is wrong; empty: written

    std::filesystem::path m_file; // "": disabled
    std::filesystem::path m_part; // "": nothing is being written
    std::string m_stamps;
    bool m_stamps_match = true;
    std::function<void(const std::string&)> m_on_note;
    std::optional<PlainFile> m_source;
    std::FILE* m_out = nullptr;
    uint64_t m_n_bytes = 0;
    std::map<std::string, Entry> m_entries;
    std::vector<std::byte> m_block;
};

} // namespace gorgon
