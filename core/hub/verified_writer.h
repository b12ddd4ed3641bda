// SPDX-License-Identifier: Apache-2.0
// Writes and hashes at the same time, each in a thread of its own, while the caller receives more.
// Holds a few blocks of memory, whatever the file's size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>

namespace gorgon {

class VerifiedWriter
{
public:
    struct Options
    {
        std::string etag; // decides the hash
        uint64_t bytes = 0; // of the whole file
        double checkpoint_s = 5; // seconds between two checkpoints
        /// Everything up to `bytes` is on the disk, and hashes to `digest`. From a writing thread.
        std::function<void(uint64_t bytes, const std::string& digest)> on_checkpoint;
    };

    /// Writes to `descriptor`, which stays open and the caller's. `path` is for messages.
    VerifiedWriter(int descriptor, std::filesystem::path path, Options options);
    ~VerifiedWriter(); // drops what was not flushed
    VerifiedWriter(const VerifiedWriter&) = delete;
    VerifiedWriter& operator=(const VerifiedWriter&) = delete;

    /// Hashes the first `bytes` that the file holds already; what is added follows them.
    /// `digest_at`: the digest of so many of them is noted in `digest`.
    void adopt(uint64_t bytes, uint64_t digest_at, std::string& digest,
        const std::function<void(uint64_t)>& on_progress, const std::stop_token& stop);
    /// Begins again at byte 0; the caller has truncated the file.
    void restart();

    /// Takes a copy; waits where the disk or the hash is behind. Throws what they met: HubError
    /// diskFull or diskFailed.
    void add(std::span<const std::byte> bytes);
    /// Returns when everything added is written and hashed.
    void flush();
    /// As flush, then a checkpoint.
    void checkpoint();

    uint64_t addedBytes() const; // where the next byte goes
    uint64_t doneBytes() const; // written and hashed; from any thread
    std::string digest() const; // of doneBytes, after flush

private:
    struct State;
    std::unique_ptr<State> m_state;
};

} // namespace gorgon
