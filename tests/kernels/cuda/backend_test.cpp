// SPDX-License-Identifier: Apache-2.0
// The backend around its kernels: memory, uploads, graphs, records and errors.
#include <doctest/doctest.h>

#include <limits>
#include <stdexcept>

#include "kernels/backend_failed.h"
#include "kernels/cuda/graph_store.h"
#include "tests/kernels/cuda/emulated_device.h"
#include "tests/kernels/cuda/stepper.h"

using namespace gorgon;
using namespace gorgon::tests;
using cuda::emulation::faults;
using cuda::emulation::figures;
using cuda::emulation::Promptness;

TEST_CASE("memory comes zeroed, and goes")
{
    const EmulatedDevice device;
    const int64_t before = figures().live_allocations;
    {
        const auto backend = makeEmulatedCudaBackend();
        CHECK(backend->name() == "cuda:0");
        CHECK(
            backend->description() == "Emulated device, compute capability 9.0, 4 multiprocessors");
        const uint64_t free_bytes = backend->freeMemory().value();
        const Buffer buffer = backend->allocate(1000);
        CHECK(backend->freeMemory().value() == free_bytes - 1000);
        CHECK(downloaded<char>(*backend, buffer.as<>(), 1000) == std::vector<char>(1000, 0));
        CHECK_THROWS_AS(backend->allocate(std::numeric_limits<size_t>::max()), std::bad_alloc);
        CHECK_THROWS_AS(backend->allocate(uint64_t(9) << 30), std::bad_alloc);
        CHECK_THROWS_AS(
            backend->makeMatrix(DType::bf16, int64_t(1) << 29, 1 << 29), std::bad_alloc);
        CHECK_THROWS_WITH_AS(backend->makeKvCache(DType::f32, 1, 1, 64, 100),
            doctest::Contains("f16, bf16 or q8"), std::runtime_error);
        CHECK_THROWS_WITH_AS(backend->makeKvCache(DType::f16, 1, 1, 258, 100),
            doctest::Contains("258"), std::runtime_error);
        CHECK(backend->makeKvCache(DType::q8, 2, 2, 64, 100).data);
    }
    CHECK(figures().live_allocations == before);
}

TEST_CASE("the host may change a value as soon as it was uploaded, however late the device is")
{
    for (const Promptness promptness : {Promptness::at_once, Promptness::late}) {
        const EmulatedDevice device(promptness);
        const auto backend = makeEmulatedCudaBackend();
        constexpr int kValues = 300; // more than there are slots
        const Buffer buffer = backend->allocate(kValues * sizeof(int));
        for (int i = 0; i < kValues; i++) {
            int value = i * 7;
            backend->upload(buffer.as<int>() + i, &value, sizeof value);
            value = -1;
        }
        const auto values = downloaded<int>(*backend, buffer.as<>(), kValues);
        for (int i = 0; i < kValues; i++)
            CHECK(values[size_t(i)] == i * 7);
        auto large = randomFloats(100000, 5);
        const Buffer second = backend->allocate(large.size() * sizeof(float));
        const auto kept = large;
        backend->upload(second.as<>(), large.data(), large.size() * sizeof(float));
        std::fill(large.begin(), large.end(), 0.0F);
        CHECK(downloaded<float>(*backend, second.as<>(), large.size()) == kept);
    }
}

TEST_CASE("a step is captured once per key and replayed; what it reads on the device may change")
{
    for (const Promptness promptness : {Promptness::at_once, Promptness::late}) {
        const EmulatedDevice device(promptness);
        Stepper stepper;
        stepper.write(chainOf(3));
        const int64_t captures = figures().n_captures, replays = figures().n_replays;
        const int32_t greedy = stepper.step(3).next_root;
        CHECK(figures().n_captures == captures + 1);
        StepSettings settings;
        settings.temperature = 3;
        settings.acceptance = AcceptanceMode::exact;
        bool differs = false;
        for (uint64_t seed = 1; seed <= 10; seed++) {
            settings.seed = seed;
            stepper.write(settings);
            const StepRecord record = stepper.step(3);
            CHECK(record.n_nodes == 3);
            CHECK(record.time_ns[int(StepPhase::end)] >= record.time_ns[int(StepPhase::begin)]);
            CHECK(record.time_ns[int(StepPhase::begin)] > 0);
            differs = differs || record.next_root != greedy;
        }
        CHECK(differs);
        CHECK(figures().n_captures == captures + 1);
        CHECK(figures().n_replays == replays + 11);
        stepper.write(chainOf(5));
        CHECK(stepper.step(5).n_nodes == 5);
        CHECK(stepper.step(5).n_nodes == 5);
        CHECK(figures().n_captures == captures + 2);
        stepper.write(chainOf(3));
        CHECK(stepper.step(3).n_nodes == 3);
        CHECK(figures().n_captures == captures + 2);
    }
}

TEST_CASE("memory that was given back is in no graph that is replayed")
{
    const EmulatedDevice device;
    Stepper stepper;
    stepper.write(chainOf(2));
    stepper.step(2);
    const int64_t captures = figures().n_captures;
    {
        const Buffer other = stepper.backend->allocate(100);
    }
    stepper.step(2);
    CHECK(figures().n_captures == captures + 1);
    stepper.step(2);
    CHECK(figures().n_captures == captures + 1);
}

TEST_CASE("graphs are bounded in number")
{
    const EmulatedDevice device;
    Stepper stepper;
    const int64_t captures = figures().n_captures;
    for (int round = 0; round < 2; round++)
        for (int m = 1; m <= 40; m++) {
            stepper.write(chainOf(std::min(m, kMaxDepth)));
            stepper.backend->runStep(
                uint64_t(m), [&] { stepper.backend->propose(stepper.tree, 0, stepper.state); });
        }
    CHECK(figures().n_captures == captures + 80); // each was forgotten before it came again
    stepper.backend->runStep(40, [&] { FAIL("captured again"); });
}

TEST_CASE("where there can be no graph, steps are enqueued one by one")
{
    const EmulatedDevice device;
    Stepper graphs, plain;
    for (Stepper* stepper : {&graphs, &plain})
        stepper->write(chainOf(3));
    const int32_t expected = graphs.step(3).next_root;
    faults().capture = 1;
    const int64_t replays = figures().n_replays;
    CHECK(plain.backend->limitation().empty());
    CHECK(!plain.backend->holdsStep(3));
    for (int i = 0; i < 3; i++)
        CHECK(plain.step(3).next_root == expected);
    CHECK(figures().n_replays == replays);
    CHECK(plain.backend->limitation() == "computes without graphs: make a graph: out of memory");
    CHECK(plain.backend->holdsStep(3)); // as well as it ever will
    CHECK(graphs.backend->limitation().empty());
    CHECK(graphs.backend->holdsStep(3));
    CHECK(!graphs.backend->holdsStep(4));
}

TEST_CASE("a graph that could not be made is tried again, later each time, and sooner for another")
{
    using cuda::GraphTrouble;
    const EmulatedDevice device;
    Stepper stepper;
    stepper.write(chainOf(3));
    const auto capturesOf = [&](int m, int n_steps) {
        const int64_t before = figures().n_captures;
        for (int i = 0; i < n_steps; i++)
            stepper.step(m);
        return figures().n_captures - before;
    };
    faults().capture = 1;
    CHECK(capturesOf(3, 1) == 1);
    CHECK(capturesOf(3, GraphTrouble::kFirst) == 0);
    faults().capture = 1;
    CHECK(capturesOf(3, 1) == 1); // in vain again
    CHECK(capturesOf(3, 2 * GraphTrouble::kFirst) == 0);
    CHECK(!stepper.backend->limitation().empty());
    CHECK(capturesOf(3, 1) == 1);
    CHECK(stepper.backend->limitation().empty());
    const int64_t replays = figures().n_replays;
    stepper.step(3);
    CHECK(figures().n_replays == replays + 1);

    faults().capture = 1;
    CHECK(capturesOf(4, 1) == 1);
    CHECK(capturesOf(3, 40) == 0); // has its graph
    CHECK(figures().n_replays == replays + 41);
    CHECK(capturesOf(5, GraphTrouble::kSoon) == 0);
    CHECK(capturesOf(5, 1) == 1);
    CHECK(stepper.backend->limitation().empty());
    CHECK(capturesOf(4, 1) == 1);
}

TEST_CASE("a capture that does not begin runs no step twice")
{
    const EmulatedDevice device;
    Stepper expected, stepper;
    for (Stepper* each : {&expected, &stepper})
        each->write(chainOf(3));
    faults().begin_capture = 1;
    const int enqueued = stepper.n_enqueued;
    const int32_t root = stepper.step(3).next_root;
    CHECK(stepper.n_enqueued == enqueued + 1);
    CHECK(root == expected.step(3).next_root);
    CHECK(stepper.backend->limitation() == "computes without graphs: begin a graph: out of memory");
}

TEST_CASE("only want of memory is called that; another refusal has its name")
{
    const EmulatedDevice device;
    Stepper stepper;
    faults().allocation = 1;
    CHECK_THROWS_AS(stepper.backend->allocate(10), std::bad_alloc);
    CHECK(stepper.backend->allocate(10));
    faults().refusal = 1;
    CHECK_THROWS_WITH_AS(stepper.backend->allocate(10),
        doctest::Contains("failed to find 10 bytes of memory: an illegal memory access was "
                          "encountered (cudaErrorIllegalAddress)"),
        std::runtime_error);
    faults().refusal = 1;
    CHECK_THROWS_WITH_AS(makeEmulatedCudaBackend(), doctest::Contains("cuda:0: it failed to find"),
        std::runtime_error);
}

TEST_CASE("a step that was refused is told once it is read, and the device goes on")
{
    const EmulatedDevice device;
    Stepper stepper;
    stepper.write(chainOf(3));
    stepper.step(3);
    faults().launch = 1;
    CHECK_THROWS_WITH_AS(
        stepper.step(3), doctest::Contains("cuda:0 (Emulated device)"), std::runtime_error);
    CHECK_THROWS_AS(stepper.step(3), std::runtime_error);
    CHECK_THROWS_AS(stepper.backend->allocate(10), std::runtime_error);
    Stepper next; // another backend on the same device
    next.write(chainOf(3));
    CHECK(next.step(3).n_nodes == 3);
}

TEST_CASE("a lost device is told, and no backend is made on it")
{
    const EmulatedDevice device(Promptness::late);
    Stepper stepper;
    stepper.write(chainOf(3));
    stepper.step(3);
    faults().kernel = 2;
    CHECK_THROWS_WITH_AS(
        stepper.step(3), doctest::Contains("illegal memory access"), std::runtime_error);
    CHECK_THROWS_WITH_AS(stepper.step(3),
        doctest::Contains("with the CPU: the device computes again once Gorgon was restarted"),
        BackendFailed);
    CHECK_THROWS_WITH_AS(makeEmulatedCudaBackend(),
        doctest::Contains("restart Gorgon to use it again"), std::runtime_error);
}
