// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/mailbox.h"

#include <cstring>

#include "kernels/cuda/device.h"

namespace gorgon::cuda {

namespace {

constexpr int kThreads = 256;
constexpr int kRecordWords = int(sizeof(StepRecord) / sizeof(uint32_t));
static_assert(sizeof(StepRecord) % sizeof(uint32_t) == 0);

/// One block; a thread copies every kThreads-th word.
GORGON_KERNEL GORGON_LAUNCH_BOUNDS(kThreads, 1) void postKernel(
    const StepRecord* record, StepRecord* letter, volatile uint32_t* number, uint32_t* counter)
{
    const auto* const from = reinterpret_cast<const uint32_t*>(record);
    auto* const to = reinterpret_cast<uint32_t*>(letter);
    for (int i = threadIndex(); i < kRecordWords; i += kThreads)
        to[i] = from[i];
    threadFenceSystem();
    syncThreads();
    if (threadIndex() != 0)
        return;
    const uint32_t next = *counter + 1;
    *counter = next;
    threadFenceSystem();
    *number = next;
}

} // namespace

Mailbox::Mailbox(Stream& stream)
    : m_letter(pinnedBuffer(sizeof(Letter)))
    , m_counter(deviceBuffer(sizeof(uint32_t)))
{
    std::memset(m_letter.as<>(), 0, sizeof(Letter));
    fillZero(stream, m_counter.as<>(), sizeof(uint32_t));
}

void Mailbox::enqueuePost(Stream& stream, const StepState* state)
{
    auto* const letter = m_letter.as<Letter>();
    launch(stream, postKernel, 1, kThreads, 0, &state->record, &letter->record, &letter->number,
        m_counter.as<uint32_t>());
}

void Mailbox::posted(uint64_t uploads_begun)
{
    m_expected++;
    m_uploads_begun = uploads_begun;
}

const StepRecord& Mailbox::wait(Stream& stream)
{
    const auto* const letter = m_letter.as<Letter>();
    stream.waitFor(&letter->number, m_expected);
    return letter->record;
}

} // namespace gorgon::cuda
