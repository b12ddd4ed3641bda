// SPDX-License-Identifier: Apache-2.0
// The downloads of a program: threads that fetch files, a limit on how many at once, and values
// that say how far they are. What is unfinished when the program ends, however it ends, can be
// continued.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "core/hub/download.h"
#include "core/hub/http.h"
#include "core/hub/hub_clock.h"

namespace gorgon {

class DownloadQueue
{
public:
    struct Options
    {
        std::shared_ptr<const HttpContext> context; // its settings name the cache
        std::shared_ptr<HubClock> clock = systemClock();
        /// A download changed its state. From a thread of the queue; must not call back into it.
        std::function<void(const DownloadProgress&)> on_change;
        /// The list of a queue that has ended: the downloads keep their ids, places and states;
        /// those that ran go on.
        std::vector<DownloadProgress> former = {};
    };

    explicit DownloadQueue(Options options);
    ~DownloadQueue(); // stops all within a moment; they can be continued later

    DownloadQueue(const DownloadQueue&) = delete;
    DownloadQueue& operator=(const DownloadQueue&) = delete;

    /// The id of the new download, or of the one that has the same request and is not over.
    int64_t add(const DownloadRequest& request);
    void pause(int64_t id);
    void resume(int64_t id); // also of failed ones: tries again
    /// Stops it and removes its unfinished files; whole files stay in the cache.
    void cancel(int64_t id);
    /// Takes one that is over from the list.
    void forget(int64_t id);

    std::vector<DownloadProgress> list() const; // in the order in which they were added
    std::optional<DownloadProgress> progress(int64_t id) const;
    /// Until it is done, failed, paused or cancelled, or `stop`.
    DownloadProgress wait(int64_t id, const std::stop_token& stop = {}) const;

    /// Requests of which an earlier run left unfinished files in the cache.
    std::vector<DownloadRequest> unfinished() const;

private:
    struct State;
    std::shared_ptr<State> m_state;
};

} // namespace gorgon
