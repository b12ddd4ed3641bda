// SPDX-License-Identifier: Apache-2.0
// Memory, queues and launches of one device. Two implementations: runtime.cu over CUDA, and
// tests/kernels/cuda/runtime_emulated.cpp.
#pragma once

#include <cstddef>
#include <string>
#include <tuple>
#include <utility>

#ifdef GORGON_CUDA_EMULATED
#include <functional>

#include "tests/kernels/cuda/emulation.h"
#endif

namespace gorgon::cuda {

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
    /// "" where nothing failed.
    const std::string& error() const { return m_error; }
    void fail(const std::string& what)
    {
        if (m_error.empty())
            m_error = what;
    }
    /// The cudaStream_t.
    void* handle() const { return m_handle; }

private:
    void* m_handle = nullptr;
    std::string m_error;
};

/// Of the current device, aligned to 256 bytes, of unknown contents; std::bad_alloc where there is
/// none.
void* allocateDevice(size_t bytes);
void releaseDevice(void* data, size_t bytes);
void copyToDevice(Stream& stream, void* device, const void* host, size_t bytes);
void copyToHost(Stream& stream, void* host, const void* device, size_t bytes);
void fillZero(Stream& stream, void* device, size_t bytes);

#ifdef GORGON_CUDA_EMULATED

void launchEmulated(
    Stream& stream, const emulation::LaunchShape& shape, std::function<void()> thread);

/// Enqueues kernel(args...) for `grid` blocks of `block` threads, each block with `shared_bytes`.
template <typename... P, typename... A>
void launch(
    Stream& stream, void (*kernel)(P...), int grid, int block, size_t shared_bytes, A&&... args)
{
    const std::tuple<P...> values{static_cast<P>(std::forward<A>(args))...};
    launchEmulated(stream,
        {grid, block, shared_bytes,
            emulation::nameOfFunction(reinterpret_cast<const void*>(kernel))},
        [kernel, values] { std::apply(kernel, values); });
}

#else

void launchKernel(
    Stream& stream, const void* kernel, int grid, int block, size_t shared_bytes, void** arguments);

/// Enqueues kernel(args...) for `grid` blocks of `block` threads, each block with `shared_bytes`.
template <typename... P, typename... A>
void launch(
    Stream& stream, void (*kernel)(P...), int grid, int block, size_t shared_bytes, A&&... args)
{
    static_assert(sizeof...(P) == sizeof...(A));
    std::tuple<P...> values{static_cast<P>(std::forward<A>(args))...};
    std::apply(
        [&](auto&... value) {
            void* arguments[] = {static_cast<void*>(&value)...};
            launchKernel(stream, reinterpret_cast<const void*>(kernel), grid, block, shared_bytes,
                arguments);
        },
        values);
}

#endif

} // namespace gorgon::cuda
