// SPDX-License-Identifier: Apache-2.0
// Small values on their way to the device: pinned slots in turns, so that the host may change its
// own copy at once and never writes what a running graph reads.
#pragma once

#include <cstring>

#include "kernels/cuda/device_memory.h"

namespace gorgon::cuda {

class UploadRing
{
public:
    static constexpr size_t kSlotBytes = 16 << 10; // a TreeTables
    static constexpr uint64_t kSlots = 64; // some ten steps

    UploadRing()
        : m_slots(pinnedBuffer(kSlotBytes * kSlots))
    {
    }

    void copy(Stream& stream, void* device, const void* host, size_t bytes)
    {
        if (m_n_begun - m_n_done >= kSlots) {
            stream.synchronize();
            m_n_done = m_n_begun;
        }
        char* const slot = m_slots.as<char>() + m_n_begun % kSlots * kSlotBytes;
        std::memcpy(slot, host, bytes);
        copyToDevice(stream, device, slot, bytes);
        m_n_begun++;
    }
    /// Copies begun so far; done() with it once the stream has passed this place.
    uint64_t begun() const { return m_n_begun; }
    void done(uint64_t n)
    {
        if (n > m_n_done)
            m_n_done = n;
    }

private:
    Buffer m_slots;
    uint64_t m_n_begun = 0;
    uint64_t m_n_done = 0;
};

} // namespace gorgon::cuda
