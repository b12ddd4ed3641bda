// SPDX-License-Identifier: Apache-2.0
// How a record reaches the host: a kernel copies it into pinned memory and writes a number behind
// it, for which the host waits. No copy is enqueued and no event is asked for.
#pragma once

#include "kernels/cuda/device_memory.h"
#include "kernels/step_state.h"

namespace gorgon::cuda {

class Mailbox
{
public:
    explicit Mailbox(Stream& stream);

    /// Enqueues the copy. It belongs to a graph, too: call posted() with every replay then.
    void enqueuePost(Stream& stream, const StepState* state);
    void posted(uint64_t uploads_begun);
    /// Waits for the last post. Valid where the stream has not failed.
    const StepRecord& wait(Stream& stream);
    /// What posted() was told last.
    uint64_t uploadsBegun() const { return m_uploads_begun; }

private:
    struct Letter
    {
        StepRecord record;
        uint32_t number; // written last
    };

    Buffer m_letter; // pinned
    Buffer m_counter; // uint32_t of the device: the last letter's number
    uint32_t m_expected = 0;
    uint64_t m_uploads_begun = 0;
};

} // namespace gorgon::cuda
