// SPDX-License-Identifier: Apache-2.0
// Owning memory of one backend: move-only, freed by the backend that made it.
#pragma once

#include <cstddef>
#include <utility>

namespace gorgon {

class Buffer
{
public:
    using Release = void (*)(void* data, size_t bytes);

    Buffer() = default;
    Buffer(void* data, size_t bytes, Release release)
        : m_data(data)
        , m_bytes(bytes)
        , m_release(release)
    {
    }
    Buffer(Buffer&& other) noexcept { swap(other); }
    Buffer& operator=(Buffer&& other) noexcept
    {
        Buffer moved(std::move(other));
        swap(moved);
        return *this;
    }
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    ~Buffer()
    {
        if (m_data)
            m_release(m_data, m_bytes);
    }

    template <typename T = void> T* as() const { return static_cast<T*>(m_data); }
    size_t bytes() const { return m_bytes; }
    explicit operator bool() const { return m_data != nullptr; }

private:
    void swap(Buffer& other) noexcept
    {
        std::swap(m_data, other.m_data);
        std::swap(m_bytes, other.m_bytes);
        std::swap(m_release, other.m_release);
    }

    void* m_data = nullptr;
    size_t m_bytes = 0;
    Release m_release = nullptr;
};

} // namespace gorgon
