// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include "kernels/backend.h"
#include "kernels/cpu/memory.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/usable_threads.h"
#include "kernels/machine_speed.h"

using namespace gorgon;
namespace fs = std::filesystem;

namespace {

/// A folder that looks like the root of a system; removed at the end.
class FakeRoot
{
public:
    explicit FakeRoot(const std::string& name)
        : m_path(fs::temp_directory_path()
            / ("gorgon_kernels_" + name
                + std::to_string(std::hash<std::thread::id>()(std::this_thread::get_id()))))
    {
        fs::remove_all(m_path);
    }
    ~FakeRoot() { fs::remove_all(m_path); }
    void write(const std::string& file, const std::string& text)
    {
        fs::create_directories((m_path / file).parent_path());
        std::ofstream(m_path / file) << text;
    }
    const fs::path& path() const { return m_path; }

private:
    fs::path m_path;
};

} // namespace

TEST_CASE("every item is done once, call after call")
{
    for (const int n_threads : {1, 2, 3, 5}) {
        ThreadPool pool(n_threads);
        CHECK(pool.size() == n_threads);
        std::atomic<int> n_wrong = 0;
        for (int round = 0; round < 2000; round++) {
            const int n = round % 17;
            std::vector<int> done(17, 0);
            pool.forEach(n, [&](int64_t i, int thread) {
                n_wrong += thread < 0 || thread >= n_threads;
                done[size_t(i)]++;
            });
            for (int i = 0; i < 17; i++)
                n_wrong += done[size_t(i)] != (i < n);
        }
        CHECK(n_wrong == 0);
    }
}

TEST_CASE("items in ranges of neighbours are taken once, whoever is fast")
{
    for (const int n_threads : {1, 2, 3, 5}) {
        ThreadPool pool(n_threads);
        std::atomic<int> n_wrong = 0;
        for (int n = 0; n < 400; n++) {
            std::vector<std::atomic<int>> taken(size_t(n) + 1);
            WorkRanges& items = pool.split(n);
            auto take = [&](int thread) {
                if (thread == n % n_threads)
                    std::this_thread::yield();
                int64_t expected = items.next(thread);
                for (int64_t i; (i = items.take(thread)) >= 0; expected = items.next(thread)) {
                    n_wrong += i >= n;
                    taken[size_t(i)]++;
                    // Alone a thread gets what it was told.
                    n_wrong += n_threads == 1 && i != expected;
                }
            };
            pool.run(take);
            for (int i = 0; i < n; i++)
                n_wrong += taken[size_t(i)] != 1;
        }
        CHECK(n_wrong == 0);
    }
}

TEST_CASE("a thread without items takes from the end of the fullest range")
{
    WorkRanges items(3);
    items.split(9);
    CHECK(items.next(1) == 3);
    for (const int64_t i : {3, 4, 5})
        CHECK(items.take(1) == i);
    CHECK(items.next(1) == -1);
    CHECK(items.take(0) == 0);
    CHECK(items.take(1) == 8);
    CHECK(items.take(1) == 2);
    CHECK(items.take(1) == 7);
    CHECK(items.take(2) == 6);
    CHECK(items.take(2) == 1);
    CHECK(items.take(0) == -1);
}

TEST_CASE("sleeping threads wake and are joined")
{
    ThreadPool pool(3);
    for (int round = 0; round < 5; round++) {
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
        std::atomic<int> sum = 0;
        pool.forEach(100, [&](int64_t i, int) { sum += int(i); });
        CHECK(sum == 4950);
    }
}

TEST_CASE("the quota of control groups is obeyed, version 2")
{
    FakeRoot root("v2");
    CHECK(cgroupThreads(root.path()) == 0);
    root.write("proc/self/cgroup", "0::/user/app\n");
    root.write("sys/fs/cgroup/user/app/cpu.max", "max 100000\n");
    CHECK(cgroupThreads(root.path()) == 0);
    root.write("sys/fs/cgroup/user/cpu.max", "350000 100000\n");
    CHECK(cgroupThreads(root.path()) == 3);
    root.write("sys/fs/cgroup/user/app/cpu.max", "50000 100000\n");
    CHECK(cgroupThreads(root.path()) == 1);
    root.write("sys/fs/cgroup/user/app/cpu.max", "nonsense");
    CHECK(cgroupThreads(root.path()) == 3);
}

TEST_CASE("the quota of control groups is obeyed, version 1")
{
    FakeRoot root("v1");
    root.write("proc/self/cgroup", "4:memory:/job\n3:cpu,cpuacct:/job\n");
    root.write("sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "-1");
    root.write("sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us", "100000");
    CHECK(cgroupThreads(root.path()) == 0);
    root.write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "400000");
    root.write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000");
    CHECK(cgroupThreads(root.path()) == 4);
    CHECK(usableThreads() >= 1);
}

TEST_CASE("memory is zeroed and aligned, small and large")
{
    for (const size_t bytes :
        {size_t(0), size_t(1), size_t(100), size_t(300) << 10, size_t(5) << 20}) {
        Buffer buffer = allocateHost(bytes);
        CHECK(buffer.bytes() >= bytes);
        CHECK(reinterpret_cast<uintptr_t>(buffer.as<>()) % 64 == 0);
        size_t n_set = 0;
        for (size_t i = 0; i < bytes; i++)
            n_set += buffer.as<unsigned char>()[i] != 0;
        CHECK(n_set == 0);
    }
    CHECK_THROWS_AS(allocateHost(SIZE_MAX - 5), std::bad_alloc);
    // More than any machine has, though not more than can be addressed: refused at once, unless the
    // system promises everything.
    int overcommit = 1;
    std::ifstream("/proc/sys/vm/overcommit_memory") >> overcommit;
    if (overcommit != 1)
        CHECK_THROWS_AS(allocateHost(size_t(64) << 40), std::bad_alloc);
    CHECK_THROWS_AS(productOf(SIZE_MAX / 2, 3), std::bad_alloc);
}

TEST_CASE("buffers that share a region live and end one by one")
{
    constexpr size_t kBytes = (size_t(1) << 20) + 100;
    std::vector<Buffer> buffers;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 40; i++)
            buffers.push_back(allocateHost(kBytes));
        for (size_t i = 0; i < buffers.size(); i++)
            std::memset(buffers[i].as<>(), int(i + 1), kBytes);
        for (size_t i = 0; i < buffers.size(); i += 2)
            buffers[i] = Buffer();
        int n_wrong = 0;
        for (size_t i = 1; i < buffers.size(); i += 2)
            for (size_t at = 0; at < kBytes; at++)
                n_wrong += buffers[i].as<unsigned char>()[at] != i + 1;
        CHECK(n_wrong == 0);
        const Buffer fresh = allocateHost(kBytes);
        for (size_t at = 0; at < kBytes; at++)
            n_wrong += fresh.as<unsigned char>()[at] != 0;
        CHECK(n_wrong == 0);
        if (round < 2)
            buffers.clear();
    }
}

TEST_CASE("the backend says what it is")
{
    CpuOptions options;
    options.n_threads = 2;
    const auto backend = makeCpuBackend(options);
    CHECK(backend->name() == "cpu");
    CHECK(backend->description().find("2 threads") != std::string::npos);
}

TEST_CASE("the machine's speeds are positive")
{
    const MachinePeaks peaks = measureMultiplyAdd(1);
    CHECK(peaks.f32 > 0.1);
    CHECK(peaks.bf16 >= 0);
    CHECK(peaks.int8 >= 0);
}
