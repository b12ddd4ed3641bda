// SPDX-License-Identifier: Apache-2.0
// What is said of devices, by what their driver answers; memory of several devices.
#include <doctest/doctest.h>

#include <thread>

#include "kernels/cuda/device_memory.h"
#include "tests/kernels/cuda/emulated_device.h"
#include "tests/kernels/cuda/stepper.h"

using namespace gorgon;
using namespace gorgon::tests;
using cuda::DriverAnswer;
using cuda::emulation::Answers;
using cuda::emulation::answers;
using cuda::emulation::figures;

namespace {

/// What the list of devices says, and what opening the first one says.
void checkReason(const Answers& given, const std::string& expected)
{
    CAPTURE(expected);
    const EmulatedDevice device;
    answers() = given;
    const std::vector<Accelerator> all = cuda::listCudaDevices();
    REQUIRE(all.size() == 1);
    CHECK(all[0].reason == expected);
    CHECK(!all[0].is_usable);
    const std::string told = "cuda:0: " + expected;
    CHECK_THROWS_WITH_AS(makeEmulatedCudaBackend(), told.c_str(), std::runtime_error);
}

Answers with(void (*change)(Answers&))
{
    Answers given;
    change(given);
    return given;
}

} // namespace

TEST_CASE("why there is no device: driver absent, half there, too old, without a device")
{
    checkReason(with([](Answers& a) {
        a.count = DriverAnswer::old_driver;
        a.driver = {0, 13000, ""};
    }),
        "no NVIDIA driver is installed");
    checkReason(with([](Answers& a) {
        a.count = DriverAnswer::old_driver;
        a.driver = {0, 13000, "580.65.06"};
    }),
        "the NVIDIA driver 580.65.06 is there, its library libcuda.so.1 is not");
    checkReason(with([](Answers& a) {
        a.count = DriverAnswer::old_driver;
        a.driver = {12020, 13000, "535.104.05"};
    }),
        "the NVIDIA driver 535.104.05 knows CUDA 12.2, CUDA 13.0 is needed; install driver 580 or "
        "later");
    checkReason(with([](Answers& a) {
        a.count = DriverAnswer::old_driver;
        a.driver = {11080, 12040, ""};
    }),
        "the NVIDIA driver knows CUDA 11.8, CUDA 12.4 is needed; install driver 525 or later");
    checkReason(
        with([](Answers& a) { a.count = DriverAnswer::no_device; }), "no NVIDIA GPU is visible");
    checkReason(with([](Answers& a) { a.n_devices = 0; }), "no NVIDIA GPU is visible");
    checkReason(with([](Answers& a) { a.count = DriverAnswer::other; }),
        "the NVIDIA driver answers: unknown error");
}

TEST_CASE("why a device cannot be used: too old, no code for it, full, or wrong")
{
    checkReason(with([](Answers& a) { a.capability = 75; }),
        "compute capability 7.5, 8.0 or later is needed");
    checkReason(with([](Answers& a) {
        a.capability = 86;
        a.probe = DriverAnswer::no_code;
    }),
        "this build holds no code for its compute capability 8.6; build for it: cmake --preset "
        "default -DCMAKE_CUDA_ARCHITECTURES=86 && cmake --build --preset default");
    checkReason(with([](Answers& a) { a.open = DriverAnswer::no_memory; }), "its memory is full");
    checkReason(with([](Answers& a) { a.probe = DriverAnswer::no_memory; }), "its memory is full");
    checkReason(with([](Answers& a) { a.open = DriverAnswer::other; }),
        "the NVIDIA driver answers: unknown error");
    checkReason(with([](Answers& a) { a.probe = DriverAnswer::other; }),
        "a first kernel does not run: unknown error");
    checkReason(with([](Answers& a) { a.is_probe_right = false; }),
        "a first kernel does not run: its result is wrong");
}

TEST_CASE("memory is given back to the device that it is of, whatever thread ends it")
{
    const EmulatedDevice device;
    answers().n_devices = 3;
    CHECK(cuda::listCudaDevices().size() == 3);
    const int64_t misplaced = figures().n_misplaced, live = figures().live_allocations;
    {
        std::shared_ptr<Backend> first = cuda::makeCudaBackend(0),
                                 second = cuda::makeCudaBackend(2);
        CHECK(second->name() == "cuda:2");
        Buffer of_first = first->allocate(100), of_second = second->allocate(100);
        Matrix matrix = second->makeMatrix(DType::bf16, 10, 10);
        CHECK(cuda::deviceOf(of_first.as<>()) == 0);
        CHECK(cuda::deviceOf(of_second.as<>()) == 2);
        CHECK(first->freeMemory().has_value()); // the first one is in use
        of_second = {};
        CHECK(cuda::deviceInUse() == 0);
        std::thread([&] { // has chosen none
            matrix = {};
            second.reset();
        })
            .join();
        of_first = {};
    }
    CHECK(figures().n_misplaced == misplaced);
    CHECK(figures().live_allocations == live);
    int before = 0;
    {
        const Buffer raw = cuda::deviceBuffer(10);
        before = cuda::deviceInUse();
        cuda::useDevice(before + 1);
    }
    CHECK(cuda::deviceInUse() == before + 1);
    CHECK(figures().n_misplaced == misplaced);
}
