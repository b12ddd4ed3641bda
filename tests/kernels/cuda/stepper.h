// SPDX-License-Identifier: Apache-2.0
// A backend with a state and steps over a small vocabulary, for tests.
#pragma once

#include "kernels/cuda/cuda_backend.h"
#include "tests/kernels/test_data.h"

namespace gorgon::tests {

template <typename T> inline std::vector<T> downloaded(Backend& backend, const void* data, size_t n)
{
    std::vector<T> values(n);
    backend.download(values.data(), data, n * sizeof(T));
    return values;
}

/// A state on the device and steps of one node over a small vocabulary.
struct Stepper
{
    static constexpr int kOut = 70, kIn = 24;
    std::shared_ptr<Backend> backend = cuda::makeCudaBackend(0);
    Buffer memory = backend->allocate(sizeof(StepState) + sizeof(TreeTables));
    Buffer x = backend->allocate(kMaxNodes * kIn * sizeof(float));
    Matrix w
        = tests::makeMatrix(*backend, DType::f32, kOut, kIn, randomFloats(size_t(kOut* kIn), 3));
    int n_enqueued = 0; // steps that were captured, or ran on their own
    StepState* state = memory.as<StepState>();
    TreeTables* tree = reinterpret_cast<TreeTables*>(memory.as<char>() + sizeof(StepState));

    Stepper()
    {
        const auto rows = randomFloats(size_t(kMaxNodes * kIn), 4);
        backend->upload(x.as<>(), rows.data(), rows.size() * sizeof(float));
        const StepState fresh;
        backend->upload(state, &fresh, sizeof fresh);
        StepRecord record;
        backend->readRecord(state, record); // as a prompt's end
    }
    void write(const TreeTables& shape) { backend->upload(tree, &shape, sizeof shape); }
    void write(const StepSettings& settings)
    {
        backend->upload(&state->settings, &settings, sizeof settings);
    }
    StepRecord step(int m)
    {
        backend->runStep(uint64_t(m), [&] {
            n_enqueued++;
            backend->stamp(state, StepPhase::begin);
            backend->propose(tree, 0, state);
            backend->project(w, {x.as<float>(), m, kIn}, tree, state, {});
            backend->accept(tree, state);
            backend->stamp(state, StepPhase::end);
        });
        StepRecord record;
        backend->readRecord(state, record);
        return record;
    }
};

inline TreeTables chainOf(int n)
{
    std::vector<int> parents;
    for (int i = 0; i < n; i++)
        parents.push_back(i - 1);
    return makeTree(parents);
}

} // namespace gorgon::tests
