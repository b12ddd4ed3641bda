// SPDX-License-Identifier: Apache-2.0
// Steps of the backend: captured once, replayed, and read.
#include "kernels/cuda/device_backend.h"

namespace gorgon::cuda {

Mailbox& CudaBackend::mailboxOf(const StepState* state)
{
    const auto found = m_mailboxes.find(state);
    return found != m_mailboxes.end() ? found->second
                                      : m_mailboxes.emplace(state, m_stream).first->second;
}

void CudaBackend::post(const StepState* state)
{
    mailboxOf(state).enqueuePost(m_stream, state);
    mailboxOf(state).posted(m_uploads.begun());
}

/// Memory was given back since: graphs may hold its address. Mailboxes of states that are gone
/// serve those that come to lie there, and are cleared away when they are many.
void CudaBackend::dropStale()
{
    constexpr size_t kMostMailboxes = 64;
    if (releaseCount() == m_seen_releases)
        return;
    m_stream.synchronize();
    m_graphs.clear();
    if (m_mailboxes.size() > kMostMailboxes)
        m_mailboxes.clear();
    m_posted = nullptr;
    m_seen_releases = releaseCount();
}

/// Whether there is a graph of the step now.
bool CudaBackend::capture(uint64_t key, const std::function<void()>& enqueue)
{
    CapturedStep step;
    step.key = key;
    m_accepted = nullptr;
    m_must_run_once = false;
    std::string problem;
    if (!m_stream.beginCapture(problem)) {
        m_trouble.begin(key, problem);
        return false;
    }
    m_is_capturing = true;
    enqueue(); // operations do not throw
    m_is_capturing = false;
    if (m_accepted && m_mailboxes.contains(m_accepted)) { // else readRecord makes one and posts
        step.state = m_accepted;
        mailboxOf(step.state).enqueuePost(m_stream, step.state);
    }
    step.graph = m_stream.endCapture(problem);
    if (m_must_run_once || !m_stream.error().empty())
        return false;
    if (!step.graph) {
        m_trouble.begin(key, problem.empty() ? "the driver made none" : problem);
        return false;
    }
    m_trouble = {};
    if (m_graphs.isFull())
        m_stream.synchronize();
    m_graphs.add(std::move(step));
    return true;
}

void CudaBackend::runStep(uint64_t key, const std::function<void()>& enqueue)
{
    const Turn turn(*this, Turn::changes);
    dropStale();
    if (!m_graphs.find(key) && !(m_trouble.mayTry(key) && capture(key, enqueue))) {
        enqueue(); // readRecord posts
        return;
    }
    const CapturedStep& step = *m_graphs.find(key);
    m_stream.replay(step.graph);
    if (step.state) {
        mailboxOf(step.state).posted(m_uploads.begun());
        m_posted = step.state;
    }
}

void CudaBackend::runPrefill(const std::function<void()>& enqueue)
{
    const Turn turn(*this, Turn::changes);
    m_is_prefilling = true;
    enqueue(); // operations do not throw
    m_is_prefilling = false;
}

void CudaBackend::readRecord(const StepState* state, StepRecord& record)
{
    const Turn turn(*this);
    throwIfFailed();
    throwIfShort();
    if (m_posted != state)
        orFailed([&] { post(state); });
    Mailbox& mailbox = mailboxOf(state);
    const StepRecord& arrived = mailbox.wait(m_stream);
    throwIfFailed();
    record = arrived;
    m_uploads.done(mailbox.uploadsBegun());
}

} // namespace gorgon::cuda
