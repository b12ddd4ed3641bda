// SPDX-License-Identifier: Apache-2.0
// Memory, queues, graphs and launches of a device. Two implementations: runtime.cu over CUDA, and
// tests/kernels/cuda/runtime_emulated.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#ifdef GORGON_CUDA_EMULATED
#include <functional>

#include "kernels/cuda/device.h"
#endif
#include "kernels/accelerators.h"

namespace gorgon::cuda {

struct DeviceFacts
{
    std::string name; // "NVIDIA H200"
    std::string id; // unique; "" where the driver does not say
    int capability = 0; // 90: 9.0
    int n_multiprocessors = 0;
    uint64_t free_bytes = 0;
    uint64_t total_bytes = 0;
    uint64_t cache_bytes = 0; // of the second level
    size_t shared_bytes = 0; // that a block may have
    std::string reason; // why it cannot be used; "": it can
};

/// A device that refuses something for another reason than want of memory.
class DeviceError : public std::runtime_error
{
public:
    using std::runtime_error::runtime_error;
};

/// Takes nothing of a device's memory; never throws for want of one.
DeviceCount countDevices();
/// Tries a kernel on it, which takes some hundred MB of its memory until the process ends.
DeviceFacts readDevice(int device);
/// Makes a device this thread's; what is allocated and enqueued next belongs to it.
void useDevice(int device);
/// This thread's; -1 where it chose none, which counts as 0.
int deviceInUse();
/// That memory of a device, or pinned memory, was allocated on; -1: not known.
int deviceOf(const void* data);
/// Bytes free on this thread's device.
uint64_t freeDeviceMemory();

/// Work that was captured; replayed by the stream that captured it.
using Graph = std::unique_ptr<void, void (*)(void*)>;

/// A queue of kernels and copies in order. It keeps the first error; nothing that is enqueued
/// throws.
class Stream
{
public:
    Stream();
    ~Stream();
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    /// Waits for everything enqueued.
    void synchronize();
    /// Waits until the pinned word is `value`, which work that was enqueued writes, or something
    /// failed.
    void waitFor(const volatile uint32_t* word, uint32_t value);

    /// Between these two what is enqueued is recorded and does not happen; what fails spoils the
    /// graph alone.
    /// False, with the reason in `problem`, where what is enqueued would happen after all.
    bool beginCapture(std::string& problem);
    /// Empty where it could not be made, with the reason in `problem`.
    Graph endCapture(std::string& problem);
    void replay(const Graph& graph);

    /// "" where nothing failed.
    const std::string& error() const { return m_error; }
    /// Nothing can be computed on the device any more until the process ends.
    bool isDeviceLost() const { return m_is_device_lost; }
    void fail(const std::string& what, bool is_device_lost = false)
    {
        m_is_device_lost = m_is_device_lost || is_device_lost;
        std::string& kept = m_is_capturing ? m_capture_error : m_error;
        if (kept.empty())
            kept = what;
    }
    /// The cudaStream_t.
    void* handle() const { return m_handle; }

private:
    void* m_handle = nullptr;
    std::string m_error;
    bool m_is_device_lost = false;
    bool m_is_capturing = false;
    std::string m_capture_error;
};

/// Of this thread's device, aligned to 256 bytes, of unknown contents; std::bad_alloc where there
/// is none, DeviceError where the device says something else.
void* allocateDevice(size_t bytes);
/// Waits for everything enqueued. The memory's device must be in use, as of releasePinned.
void releaseDevice(void* data, size_t bytes);
/// Host memory that a device reads and writes at the same address; throws as allocateDevice.
void* allocatePinned(size_t bytes);
void releasePinned(void* data, size_t bytes);

/// Pinned host memory must stay as it is until the copy has happened; other memory is free on
/// return.
void copyToDevice(Stream& stream, void* device, const void* host, size_t bytes);
/// There after synchronize().
void copyToHost(Stream& stream, void* host, const void* device, size_t bytes);
void fillZero(Stream& stream, void* device, size_t bytes);

enum class Start : uint8_t
{
    in_turn, // when everything before it has ended
    early,
};

#ifdef GORGON_CUDA_EMULATED

void launchEmulated(
    Stream& stream, const emulation::LaunchShape& shape, std::function<void()> thread);

template <typename... P, typename... A>
void launchAs(Start start, Stream& stream, void (*kernel)(P...), int grid, int block,
    size_t shared_bytes, A&&... args)
{
    const std::tuple<P...> values{static_cast<P>(std::forward<A>(args))...};
    launchEmulated(stream,
        {grid, block, shared_bytes,
            emulation::nameOfFunction(reinterpret_cast<const void*>(kernel)),
            start == Start::early},
        [kernel, values] { std::apply(kernel, values); });
}

#else

void launchKernel(Start start, Stream& stream, const void* kernel, int grid, int block,
    size_t shared_bytes, void** arguments);

template <typename... P, typename... A>
void launchAs(Start start, Stream& stream, void (*kernel)(P...), int grid, int block,
    size_t shared_bytes, A&&... args)
{
    static_assert(sizeof...(P) == sizeof...(A));
    std::tuple<P...> values{static_cast<P>(std::forward<A>(args))...};
    std::apply(
        [&](auto&... value) {
            void* arguments[] = {static_cast<void*>(&value)...};
            launchKernel(start, stream, reinterpret_cast<const void*>(kernel), grid, block,
                shared_bytes, arguments);
        },
        values);
}

#endif

/// Enqueues kernel(args...) for `grid` blocks of `block` threads, each block with `shared_bytes`.
template <typename... P, typename... A>
void launch(
    Stream& stream, void (*kernel)(P...), int grid, int block, size_t shared_bytes, A&&... args)
{
    launchAs(Start::in_turn, stream, kernel, grid, block, shared_bytes, std::forward<A>(args)...);
}
/// The same of a kernel that calls waitForPredecessor (instructions.h) in every thread: where the
/// device can, it begins while the one before it still runs.
template <typename... P, typename... A>
void launchEarly(
    Stream& stream, void (*kernel)(P...), int grid, int block, size_t shared_bytes, A&&... args)
{
    launchAs(Start::early, stream, kernel, grid, block, shared_bytes, std::forward<A>(args)...);
}

} // namespace gorgon::cuda
