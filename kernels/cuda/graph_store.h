// SPDX-License-Identifier: Apache-2.0
// Captured steps by key, the most recently used ones.
#pragma once

#include <algorithm>
#include <vector>

#include "kernels/cuda/runtime.h"
#include "kernels/step_state.h"

namespace gorgon::cuda {

struct CapturedStep
{
    uint64_t key = 0;
    Graph graph{nullptr, [](void*) {}};
    const StepState* state = nullptr; // whose record it posts; nullptr: none
    uint64_t last_use = 0;
};

class GraphStore
{
public:
    static constexpr size_t kMost = 32; // some 3 MB each in a model of 32 layers

    CapturedStep* find(uint64_t key)
    {
        for (CapturedStep& step : m_steps)
            if (step.key == key) {
                step.last_use = ++m_n_uses;
                return &step;
            }
        return nullptr;
    }
    /// The stream must have passed the steps that are forgotten.
    CapturedStep& add(CapturedStep step)
    {
        step.last_use = ++m_n_uses;
        if (m_steps.size() < kMost)
            return m_steps.emplace_back(std::move(step));
        CapturedStep& oldest = *std::min_element(m_steps.begin(), m_steps.end(),
            [](const CapturedStep& a, const CapturedStep& b) { return a.last_use < b.last_use; });
        oldest = std::move(step);
        return oldest;
    }
    void clear() { m_steps.clear(); }
    bool isFull() const { return m_steps.size() >= kMost; }

private:
    std::vector<CapturedStep> m_steps;
    uint64_t m_n_uses = 0;
};

/// Why the last capture gave no graph, and when the next is worth its time: after more steps each
/// time, sooner where the step is another one.
class GraphTrouble
{
public:
    static constexpr int kSoon = 8, kFirst = 32, kLatest = 4096; // steps

    bool isOver() const { return m_problem.empty(); }
    const std::string& problem() const { return m_problem; }
    void begin(uint64_t key, const std::string& problem)
    {
        m_problem = problem;
        m_key = key;
        m_wait = std::min(m_wait > 0 ? 2 * m_wait : kFirst, kLatest);
        m_waited = 0;
    }
    /// Asked by each step that has no graph.
    bool mayTry(uint64_t key) { return isOver() || ++m_waited > (key == m_key ? m_wait : kSoon); }

private:
    std::string m_problem;
    uint64_t m_key = 0;
    int m_wait = 0;
    int m_waited = 0;
};

} // namespace gorgon::cuda
