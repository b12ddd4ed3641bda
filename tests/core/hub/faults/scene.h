// SPDX-License-Identifier: Apache-2.0
// One test of downloads: a fake hub with a model, a cache, a clock that does not wait, and a folder
// beside the cache that nothing may touch.
#pragma once

#include <doctest/doctest.h>

#include "core/hub/fetch_file.h"
#include "core/hub/hub_cache.h"
#include "core/hub/hub_client.h"
#include "tests/support/fake_hub.h"
#include "tests/support/scratch_folder.h"

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace gorgon::tests {

/// Time passes only by sleeping, and sleeping takes none.
class TestClock : public HubClock
{
public:
    std::chrono::steady_clock::time_point now() const override;
    void sleep(std::chrono::milliseconds time, const std::stop_token& stop) override;
    std::vector<std::chrono::milliseconds> sleeps() const;
    std::chrono::milliseconds slept() const;

private:
    mutable std::mutex m_mutex;
    std::vector<std::chrono::milliseconds> m_sleeps;
    std::chrono::steady_clock::time_point m_start = std::chrono::steady_clock::now();
};

/// Every path below a folder with what it is and holds, links not followed.
std::map<std::string, std::string> treeOf(const std::filesystem::path& folder);

constexpr const char* kModelId = "org/model";
constexpr const char* kLargePath = "model.safetensors";
constexpr const char* kSmallPath = "config.json";

class Scene
{
public:
    explicit Scene(const FakeHubOptions& options = {}, uint64_t large_bytes = 200000);

    /// A new client and cache object, as a new run of the program would have.
    FetchedFile fetch(const std::string& path = kLargePath, const std::stop_token& stop = {}) const;
    /// The error that fetching met; a test fails where there was none.
    HubErrorInfo failure(const std::string& path = kLargePath) const;
    HubClient client() const;
    /// `work` throws a HubError, or the test fails.
    HubErrorInfo errorOf(const std::function<void(HubClient&)>& work) const;
    FetchRequest request(const std::string& path) const;

    std::string expected(const std::string& path = kLargePath) const;
    /// The file's bytes in the snapshot are right, and nothing unfinished is left.
    void checkWhole(const std::string& path = kLargePath) const;
    /// The same after a run that was killed: a sidecar or an empty file may be left for an hour.
    void checkRight(const std::string& path = kLargePath) const;
    /// No blob, no file of the snapshot; unfinished files may be.
    void checkAbsent(const std::string& path = kLargePath) const;
    /// What lies beside the cache is as it was.
    void checkOutside() const;

    std::filesystem::path repositoryFolder() const;
    std::filesystem::path blob(const std::string& path = kLargePath) const;
    /// Unfinished files of ours that hold data.
    std::vector<std::filesystem::path> partials() const;
    uint64_t partialBytes() const; // of the longest

    std::vector<HubRequest> contentRequests() const; // GET to the second host
    std::vector<HubRequest> requestsOf(const std::string& method, const std::string& part) const;
    uint64_t servedBytes(uint64_t awaited = 0) const; // by the second host

    ScratchFolder folder;
    FakeHub hub;
    std::string commit;
    HubFiles files;
    HubSettings settings;
    std::shared_ptr<TestClock> clock = std::make_shared<TestClock>();

private:
    std::map<std::string, std::string> m_outside;
};

/// Faults for the bytes of the large file, on the second host.
HubFault contentFault(HubChange change, unsigned times = HubFault::kAlways, unsigned skip = 0);
/// Faults for any request of the API or the file's address on the hub.
HubFault hubFault(const std::string& path, HubChange change, unsigned times = HubFault::kAlways,
    const std::string& method = "");

/// What Range asked to begin with; 0 without one.
uint64_t rangeStart(const HubRequest& request);

/// Numbers that are the same in every run; the seed is printed where a test fails.
class TestRandom
{
public:
    explicit TestRandom(uint64_t seed);
    uint64_t below(uint64_t limit);
    uint64_t seed() const { return m_seed; }

private:
    uint64_t m_seed;
    uint64_t m_state;
};

} // namespace gorgon::tests
