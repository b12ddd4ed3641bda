// SPDX-License-Identifier: Apache-2.0
// What tests ask of the emulated runtime: lateness, faults and figures. A process has one emulated
// device.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "kernels/cuda/device_reasons.h"
#include "kernels/cuda/runtime.h"

namespace gorgon::cuda::emulation {

/// What a library would do on the stream: counts as a launch, and happens when a kernel would.
void enqueueWork(Stream& stream, std::function<void()> work);

/// How streams that are made from now on behave.
enum class Promptness
{
    at_once, // what is enqueued has happened on return
    late, // ... happens only when somebody waits, so that memory given away too early shows
};
void setPromptness(Promptness promptness);

/// Each counts down; the operation that brings it from 1 to 0 fails. 0: none does.
struct Faults
{
    int64_t allocation = 0; // of device or pinned memory: there is none
    int64_t refusal = 0; // an allocation fails for another reason
    int64_t launch = 0; // of a kernel or graph: refused, the device goes on
    int64_t copy = 0; // refused, the device goes on
    int64_t kernel = 0; // fails while it runs: the device is lost
    int64_t begin_capture = 0; // what is enqueued happens
    int64_t capture = 0; // cannot be made into a graph
};
Faults& faults();

/// What the driver says of its devices, which share one memory.
struct Answers
{
    int n_devices = 1;
    DriverAnswer count = DriverAnswer::success;
    DriverAnswer open = DriverAnswer::success;
    DriverAnswer probe = DriverAnswer::success; // of a first kernel
    bool is_probe_right = true;
    int capability = 90;
    DriverVersions driver{13000, 13000, "580.65.06"};
    std::string words = "unknown error"; // of another answer
};
Answers& answers();

struct Figures
{
    int64_t n_allocations = 0; // that were asked for
    int64_t n_launches = 0;
    int64_t n_copies = 0;
    int64_t n_library_calls = 0; // of n_launches
    int64_t n_kernels = 0; // that ran
    int64_t n_captures = 0;
    int64_t n_replays = 0;
    int64_t live_allocations = 0; // not yet released
    uint64_t live_bytes = 0; // of the device
    int64_t n_misplaced = 0; // releases while another device was in use
};
Figures& figures();

constexpr uint64_t kDeviceBytes = uint64_t(8) << 30; // unless something else is set

/// Where `memory_bytes` are too many, allocations fail. The device's name stays.
void setDeviceMemory(uint64_t memory_bytes);
/// The device comes back after it was lost, as after a restart of the process.
void reviveDevice();

} // namespace gorgon::cuda::emulation
