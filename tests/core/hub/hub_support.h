// SPDX-License-Identifier: Apache-2.0
// A hub in this process and a cache in a scratch folder.
#pragma once

#include <atomic>
#include <memory>

#include "core/hub/download_queue.h"
#include "core/hub/hub_cache.h"
#include "core/hub/hub_client.h"
#include "tests/support/fake_hub.h"
#include "tests/support/scratch_folder.h"

namespace gorgon::tests {

/// Never waits; tells how long it should have.
class HurriedClock : public HubClock
{
public:
    std::chrono::steady_clock::time_point now() const override
    {
        return std::chrono::steady_clock::now();
    }
    void sleep(std::chrono::milliseconds time, const std::stop_token&) override
    {
        slept_ms += time.count();
    }
    std::atomic<int64_t> slept_ms = 0;
};

struct HubBench
{
    FakeHub hub;
    ScratchFolder scratch;
    std::shared_ptr<HurriedClock> clock = std::make_shared<HurriedClock>();
    HubCache cache{scratch.path() / "hub"};

    std::shared_ptr<HttpContext> context() const
    {
        auto made = std::make_shared<HttpContext>();
        made->settings.endpoint = hub.endpoint();
        made->settings.cache = cache.root();
        made->settings.stall_ms = 500;
        made->settings.reply_ms = 2000;
        return made;
    }
    HubClient client() const { return HubClient(context(), clock); }
    DownloadQueue::Options queue() const { return {context(), clock, {}}; }
};

} // namespace gorgon::tests
