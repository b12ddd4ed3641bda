// SPDX-License-Identifier: Apache-2.0
// What a backend promises on a device and on an emulated one.
#include <doctest/doctest.h>

#include "tests/kernels/cuda/stepper.h"

using namespace gorgon;
using namespace gorgon::tests;

TEST_CASE("memory comes zeroed and holds what was uploaded, whatever the host does next")
{
    const std::shared_ptr<Backend> backend = cuda::makeCudaBackend(0);
    const Buffer buffer = backend->allocate(400000);
    CHECK(downloaded<char>(*backend, buffer.as<>(), 400000) == std::vector<char>(400000, 0));
    for (int i = 0; i < 300; i++) { // more than there are slots
        int value = i * 7;
        backend->upload(buffer.as<int>() + i, &value, sizeof value);
        value = -1;
    }
    const auto values = downloaded<int>(*backend, buffer.as<>(), 300);
    for (int i = 0; i < 300; i++)
        CHECK(values[size_t(i)] == i * 7);
    auto large = randomFloats(100000, 5);
    const auto kept = large;
    backend->upload(buffer.as<>(), large.data(), large.size() * sizeof(float));
    std::fill(large.begin(), large.end(), 0.0F);
    CHECK(downloaded<float>(*backend, buffer.as<>(), large.size()) == kept);
}

TEST_CASE("steps are graphs: settings and trees of one size change without another capture")
{
    Stepper stepper;
    stepper.write(chainOf(3));
    const StepRecord first = stepper.step(3);
    CHECK(first.n_nodes == 3);
    CHECK(stepper.step(3).next_root
        == first.next_root); // no tokens are proposed: the root alone counts
    CHECK(stepper.backend->limitation() == "");
    CHECK(stepper.n_enqueued == 1);
    bool differs = false;
    StepSettings settings;
    settings.temperature = 3;
    settings.acceptance = AcceptanceMode::exact;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        settings.seed = seed;
        stepper.write(settings);
        const StepRecord record = stepper.step(3);
        CHECK(record.time_ns[int(StepPhase::end)] >= record.time_ns[int(StepPhase::begin)]);
        CHECK(record.time_ns[int(StepPhase::begin)] > 0);
        differs = differs || record.next_root != first.next_root;
    }
    CHECK(differs);
    stepper.write(makeTree({-1, 0, 0}));
    CHECK(stepper.step(3).n_nodes == 3);
    CHECK(stepper.n_enqueued == 1);
    stepper.write(chainOf(5));
    CHECK(stepper.step(5).n_nodes == 5);
    CHECK(stepper.n_enqueued == 2);
    CHECK(stepper.backend->holdsStep(3));
    CHECK(!stepper.backend->holdsStep(4));
}

TEST_CASE("what is given back takes the graphs along, and they come again")
{
    Stepper stepper;
    stepper.write(chainOf(2));
    const int32_t expected = stepper.step(2).next_root;
    {
        const Buffer other = stepper.backend->allocate(100);
    }
    CHECK(stepper.step(2).next_root == expected);
    CHECK(stepper.n_enqueued == 2);
}

TEST_CASE("two states share a backend, each with its own record")
{
    Stepper stepper;
    stepper.write(chainOf(3));
    const Buffer memory = stepper.backend->allocate(sizeof(StepState));
    auto* const other = memory.as<StepState>();
    const StepState fresh;
    stepper.backend->upload(other, &fresh, sizeof fresh);
    stepper.step(3);
    stepper.backend->propose(nullptr, 0, other);
    StepRecord record;
    stepper.backend->readRecord(other, record);
    CHECK(record.n_nodes == 1);
    stepper.backend->readRecord(stepper.state, record);
    CHECK(record.n_nodes == 3);
    CHECK(stepper.step(3).n_nodes == 3);
}
