// SPDX-License-Identifier: Apache-2.0
// An array in device memory and the host's view of it, for tests.
#pragma once

#include <vector>

#include "kernels/cuda/runtime.h"

namespace gorgon::cuda::tests {

template <typename T> class DeviceArray
{
public:
    /// Of unknown contents.
    explicit DeviceArray(size_t n)
        : m_size(n)
        , m_data(static_cast<T*>(allocateDevice(n * sizeof(T))))
    {
    }
    explicit DeviceArray(const std::vector<T>& values)
        : DeviceArray(values.size())
    {
        if (values.empty())
            return;
        Stream stream;
        copyToDevice(stream, m_data, values.data(), m_size * sizeof(T));
        stream.synchronize();
    }
    ~DeviceArray() { releaseDevice(m_data, m_size * sizeof(T)); }
    DeviceArray(const DeviceArray&) = delete;
    DeviceArray& operator=(const DeviceArray&) = delete;

    T* data() const { return m_data; }
    size_t size() const { return m_size; }
    std::vector<T> values() const
    {
        std::vector<T> all(m_size);
        if (all.empty())
            return all;
        Stream stream;
        copyToHost(stream, all.data(), m_data, m_size * sizeof(T));
        stream.synchronize();
        return all;
    }

private:
    size_t m_size;
    T* m_data;
};

/// Launches that follow run in the order of `seed`; 0 again when it ends. A device has its own
/// order.
class Seed
{
public:
    explicit Seed(uint64_t seed) { set(seed); }
    ~Seed() { set(0); }
    Seed(const Seed&) = delete;
    Seed& operator=(const Seed&) = delete;

private:
    static void set([[maybe_unused]] uint64_t seed)
    {
#ifdef GORGON_CUDA_EMULATED
        emulation::options().seed = seed;
#endif
    }
};

} // namespace gorgon::cuda::tests
