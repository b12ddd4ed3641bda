// SPDX-License-Identifier: Apache-2.0
// Shared memory of one block: starts as NaN, and what is written beyond its end is found: at once
// under the address sanitizer, else when the block ends.
#pragma once

#include <cstddef>
#include <cstring>
#include <new>
#include <utility>

namespace gorgon::cuda::emulation {

class BlockMemory
{
public:
    BlockMemory() = default;
    explicit BlockMemory(size_t bytes)
        : m_bytes(bytes)
        , m_all(static_cast<unsigned char*>(
              ::operator new(kMargin + bytes + kMargin, std::align_val_t(kAlignment))))
    {
        std::memset(m_all, kMark, kMargin);
        std::memset(m_all + kMargin, 0xFF, bytes);
        std::memset(m_all + kMargin + bytes, kMark, kMargin);
    }
    BlockMemory(BlockMemory&& other) noexcept { swap(other); }
    BlockMemory& operator=(BlockMemory&& other) noexcept
    {
        swap(other);
        return *this;
    }
    ~BlockMemory()
    {
        if (m_all)
            ::operator delete(m_all, std::align_val_t(kAlignment));
    }

    void* data() const { return m_all ? m_all + kMargin : nullptr; }
    size_t bytes() const { return m_bytes; }
    bool isWhole() const
    {
        for (size_t i = 0; m_all && i < kMargin; i++) {
            if (m_all[i] != kMark || m_all[kMargin + m_bytes + i] != kMark)
                return false;
        }
        return true;
    }

private:
    static constexpr size_t kAlignment = 128;
#ifdef __SANITIZE_ADDRESS__
    static constexpr size_t kMargin = 0;
#else
    static constexpr size_t kMargin = 128;
#endif
    static constexpr unsigned char kMark = 0xA5;

    void swap(BlockMemory& other) noexcept
    {
        std::swap(m_bytes, other.m_bytes);
        std::swap(m_all, other.m_all);
    }

    size_t m_bytes = 0;
    unsigned char* m_all = nullptr;
};

} // namespace gorgon::cuda::emulation
