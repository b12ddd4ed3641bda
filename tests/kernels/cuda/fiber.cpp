// SPDX-License-Identifier: Apache-2.0
#include "tests/kernels/cuda/fiber.h"

#include <new>

#include <sys/mman.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#endif

namespace gorgon::cuda::emulation {

namespace {

constexpr size_t kStackBytes = 128 << 10; // kernels keep fragments here; sanitizers double them

size_t pageBytes()
{
    return size_t(sysconf(_SC_PAGESIZE));
}

} // namespace

Fiber::Fiber()
{
    const size_t guard = pageBytes();
    void* const all = mmap(nullptr, guard + kStackBytes, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (all == MAP_FAILED)
        throw std::bad_alloc();
    mprotect(all, guard, PROT_NONE);
    m_stack = static_cast<char*>(all) + guard;
}

Fiber::~Fiber()
{
#ifdef __SANITIZE_ADDRESS__
    __asan_unpoison_memory_region(m_stack, kStackBytes);
#endif
#ifdef __SANITIZE_THREAD__
    if (m_tsan_fiber)
        __tsan_destroy_fiber(m_tsan_fiber);
#endif
    munmap(m_stack - pageBytes(), pageBytes() + kStackBytes);
}

void Fiber::start(Body body, void* argument)
{
    m_body = body;
    m_argument = argument;
    if (m_here && m_is_done) {
        m_is_done = false;
        return; // waits in enter() for the next body
    }
    m_is_done = false;
#ifdef __SANITIZE_ADDRESS__
    __asan_unpoison_memory_region(m_stack, kStackBytes);
#endif
#ifdef __SANITIZE_THREAD__
    if (m_tsan_fiber)
        __tsan_destroy_fiber(m_tsan_fiber);
    m_tsan_fiber = __tsan_create_fiber(0);
#endif
    m_here = boost::context::detail::make_fcontext(m_stack + kStackBytes, kStackBytes, &enter);
}

void Fiber::enter(boost::context::detail::transfer_t from)
{
    Fiber& self = *static_cast<Fiber*>(from.data);
    self.m_back = from.fctx;
    self.arrive(nullptr);
    for (;;) {
        self.m_body(self.m_argument);
        self.m_is_done = true;
        self.yield();
    }
}

/// What the address sanitizer wants to hear on the fiber after every switch to it.
void Fiber::arrive([[maybe_unused]] void* fake_stack)
{
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_finish_switch_fiber(fake_stack, &m_caller_stack, &m_caller_bytes);
#endif
}

bool Fiber::resume()
{
    [[maybe_unused]] void* fake_stack = nullptr;
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_start_switch_fiber(&fake_stack, m_stack, kStackBytes);
#endif
#ifdef __SANITIZE_THREAD__
    m_tsan_caller = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(m_tsan_fiber, 0);
#endif
    m_here = boost::context::detail::jump_fcontext(m_here, this).fctx;
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_finish_switch_fiber(fake_stack, nullptr, nullptr);
#endif
    return m_is_done;
}

void Fiber::yield()
{
    void* fake_stack = nullptr;
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_start_switch_fiber(&fake_stack, m_caller_stack, m_caller_bytes);
#endif
#ifdef __SANITIZE_THREAD__
    __tsan_switch_to_fiber(m_tsan_caller, 0);
#endif
    m_back = boost::context::detail::jump_fcontext(m_back, nullptr).fctx;
    arrive(fake_stack);
}

} // namespace gorgon::cuda::emulation
