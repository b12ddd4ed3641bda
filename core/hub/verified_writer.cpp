// SPDX-License-Identifier: Apache-2.0
#include "core/hub/verified_writer.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <fcntl.h>
#include <mutex>
#include <thread>
#include <unistd.h>
#include <vector>

#include "core/hub/cache_folder.h"
#include "core/hub/content_digest.h"
#include "core/hub/hub_error.h"

namespace gorgon {

namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kBlockBytes = size_t(1) << 20;
constexpr size_t kBlocks = 6; // in flight; all memory that a file takes
constexpr auto kMaxBlockAge = std::chrono::seconds(1); // on slow lines: what is held may be lost
constexpr uint64_t kWriteBackBytes = uint64_t(8) << 20;

struct Block
{
    std::vector<std::byte> bytes;
    uint64_t offset = 0; // in the file
    bool is_checkpoint = false;
    std::string digest; // of the file up to its end, of a checkpoint
};

} // namespace

/// Blocks pass in order from the caller to two threads; block i lies in slot i % kBlocks until both
/// are past it.
struct VerifiedWriter::State
{
    const int descriptor;
    const std::filesystem::path path;
    const Options options;
    ContentDigest digest;

    std::mutex mutex;
    std::condition_variable moved;
    std::array<Block, kBlocks> blocks;
    uint64_t n_filled = 0, n_written = 0, n_hashed = 0; // blocks
    std::exception_ptr problem;
    bool is_ending = false;

    // The caller's alone.
    uint64_t added = 0; // bytes, the open block included
    bool is_open = false; // the block after the last filled one
    Clock::time_point opened; // that block
    Clock::time_point last_checkpoint = Clock::now();

    std::atomic<uint64_t> written = 0, hashed = 0;
    uint64_t write_back_from = 0;
    std::thread writer, hasher;

    State(int file, std::filesystem::path name, Options chosen)
        : descriptor(file)
        , path(std::move(name))
        , options(std::move(chosen))
        , digest(options.etag, options.bytes)
    {
    }

    Block& slot(uint64_t i) { return blocks[i % kBlocks]; }

    void write(const Block& block)
    {
        std::span<const std::byte> rest = block.bytes;
        uint64_t at = block.offset;
        while (!rest.empty()) {
            const ssize_t n = ::pwrite(descriptor, rest.data(), rest.size(), off_t(at));
            if (n < 0 && errno == EINTR)
                continue;
            if (n <= 0)
                failDisk(path, "the file cannot be written", n < 0 ? errno : EIO);
            rest = rest.subspan(size_t(n));
            at += uint64_t(n);
        }
        // Early, so that what is to be synchronised later is little.
        if (at - write_back_from >= kWriteBackBytes) {
            ::sync_file_range(descriptor, off_t(write_back_from), off_t(at - write_back_from),
                SYNC_FILE_RANGE_WRITE);
            write_back_from = at;
        }
        written = at;
    }

    void hash(Block& block)
    {
        digest.add(block.bytes);
        if (block.is_checkpoint)
            block.digest = digest.hex();
        hashed = block.offset + block.bytes.size();
    }

    void synchronise()
    {
        if (::fdatasync(descriptor) != 0)
            failDisk(path, "the file cannot be written", errno);
    }

    /// One thread's way through the blocks.
    template <typename Work> void pass(uint64_t& n_passed, Work work)
    {
        std::unique_lock lock(mutex);
        for (;;) {
            moved.wait(lock, [&] { return is_ending || problem || n_passed < n_filled; });
            if (is_ending || problem)
                return;
            Block& block = slot(n_passed);
            lock.unlock();
            try {
                work(block);
            } catch (...) {
                lock.lock();
                problem = problem ? problem : std::current_exception();
                moved.notify_all();
                return;
            }
            lock.lock();
            ++n_passed;
            moved.notify_all();
        }
    }

    void writeBlock(Block& block)
    {
        write(block);
        if (!block.is_checkpoint)
            return;
        synchronise();
        {
            std::unique_lock lock(mutex);
            const uint64_t here = n_written;
            moved.wait(lock, [&] { return is_ending || problem || n_hashed > here; });
            if (is_ending || problem)
                return;
        }
        if (options.on_checkpoint)
            options.on_checkpoint(block.offset + block.bytes.size(), block.digest);
    }

    void start()
    {
        if (writer.joinable())
            return;
        writer = std::thread([this] { pass(n_written, [this](Block& b) { writeBlock(b); }); });
        hasher = std::thread([this] { pass(n_hashed, [this](Block& b) { hash(b); }); });
    }

    /// The block that the caller fills, free for it.
    Block& openBlock(std::unique_lock<std::mutex>& lock)
    {
        moved.wait(
            lock, [&] { return problem || n_filled - std::min(n_written, n_hashed) < kBlocks; });
        if (problem)
            std::rethrow_exception(problem);
        return slot(n_filled);
    }

    void hand(Block& block)
    {
        const Clock::time_point now = Clock::now();
        block.is_checkpoint
            = now - last_checkpoint > std::chrono::duration<double>(options.checkpoint_s);
        if (block.is_checkpoint)
            last_checkpoint = now;
        is_open = false;
        start();
        const std::lock_guard lock(mutex);
        ++n_filled;
        moved.notify_all();
    }

    void end()
    {
        {
            const std::lock_guard lock(mutex);
            is_ending = true;
            moved.notify_all();
        }
        for (std::thread* each : {&writer, &hasher})
            if (each->joinable())
                each->join();
    }
};

VerifiedWriter::VerifiedWriter(int descriptor, std::filesystem::path path, Options options)
    : m_state(std::make_unique<State>(descriptor, std::move(path), std::move(options)))
{
}

VerifiedWriter::~VerifiedWriter()
{
    m_state->end();
}

void VerifiedWriter::adopt(uint64_t bytes, uint64_t digest_at, std::string& digest,
    const std::function<void(uint64_t)>& on_progress, const std::stop_token& stop)
{
    State& state = *m_state;
    ::posix_fadvise(state.descriptor, 0, off_t(bytes), POSIX_FADV_SEQUENTIAL);
    std::vector<std::byte> block(kBlockBytes);
    digest.clear();
    for (uint64_t at = 0; at < bytes;) {
        if (stop.stop_requested())
            throw HubError(HubErrorKind::cancelled, state.path.string() + ": stopped");
        const uint64_t limit = at < digest_at ? std::min(bytes, digest_at) : bytes;
        const ssize_t n = ::pread(
            state.descriptor, block.data(), size_t(std::min(limit - at, kBlockBytes)), off_t(at));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            failDisk(state.path, "the file cannot be read", n < 0 ? errno : EIO);
        state.digest.add(std::span(block).first(size_t(n)));
        at += uint64_t(n);
        if (at == digest_at)
            digest = state.digest.hex();
        if (on_progress)
            on_progress(at);
    }
    state.added = bytes;
    state.written = state.hashed = state.write_back_from = bytes;
}

void VerifiedWriter::restart()
{
    flush();
    State& state = *m_state;
    const std::lock_guard lock(state.mutex);
    state.digest = ContentDigest(state.options.etag, state.options.bytes);
    state.added = state.write_back_from = 0;
    state.written = state.hashed = 0;
}

void VerifiedWriter::add(std::span<const std::byte> bytes)
{
    State& state = *m_state;
    while (!bytes.empty()) {
        Block* block = nullptr;
        {
            std::unique_lock lock(state.mutex);
            block = &state.openBlock(lock);
        }
        if (!state.is_open) {
            state.is_open = true;
            state.opened = Clock::now();
            block->bytes.clear();
            block->bytes.reserve(kBlockBytes);
            block->offset = state.added;
        }
        const size_t n = std::min(bytes.size(), kBlockBytes - block->bytes.size());
        block->bytes.insert(block->bytes.end(), bytes.begin(), bytes.begin() + ptrdiff_t(n));
        state.added += n;
        bytes = bytes.subspan(n);
        if (block->bytes.size() == kBlockBytes || Clock::now() - state.opened > kMaxBlockAge)
            state.hand(*block);
    }
}

void VerifiedWriter::flush()
{
    State& state = *m_state;
    if (state.is_open)
        state.hand(state.slot(state.n_filled));
    std::unique_lock lock(state.mutex);
    state.moved.wait(lock, [&] {
        return state.problem
            || (state.n_written == state.n_filled && state.n_hashed == state.n_filled);
    });
    if (state.problem)
        std::rethrow_exception(state.problem);
}

void VerifiedWriter::checkpoint()
{
    flush();
    State& state = *m_state;
    state.synchronise();
    state.last_checkpoint = Clock::now();
    if (state.options.on_checkpoint)
        state.options.on_checkpoint(state.added, state.digest.hex());
}

uint64_t VerifiedWriter::addedBytes() const
{
    return m_state->added;
}

uint64_t VerifiedWriter::doneBytes() const
{
    return std::min(m_state->written.load(), m_state->hashed.load());
}

std::string VerifiedWriter::digest() const
{
    return m_state->digest.hex();
}

} // namespace gorgon
