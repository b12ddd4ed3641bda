// SPDX-License-Identifier: Apache-2.0
// An array in device memory and the host's view of it, for tests.
#pragma once

#include <algorithm>
#include <type_traits>
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

/// Values of the host that kernels are to use: a copy in device memory, which comes back when it
/// ends; const ones do not. Synchronize before.
template <typename T> class Lent
{
public:
    /// values: may be nullptr, and is then nullptr on the device.
    explicit Lent(T* values, size_t n = 1)
        : m_values(values)
        , m_copy(values ? std::vector<Plain>(values, values + n) : std::vector<Plain>())
    {
    }
    ~Lent()
    {
        if constexpr (!std::is_const_v<T>) {
            const std::vector<Plain> back = m_copy.values();
            std::copy(back.begin(), back.end(), m_values);
        }
    }
    Lent(const Lent&) = delete;
    Lent& operator=(const Lent&) = delete;

    T* data() const { return m_values ? m_copy.data() : nullptr; }

private:
    using Plain = std::remove_const_t<T>;
    T* m_values;
    DeviceArray<Plain> m_copy;
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
