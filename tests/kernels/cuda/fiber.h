// SPDX-License-Identifier: Apache-2.0
// A stack of its own that a function runs on until it yields. Switches are Boost.Context's; the
// address and thread sanitizers are told of each.
#pragma once

#include <boost/context/detail/fcontext.hpp>
#include <cstddef>

namespace gorgon::cuda::emulation {

class Fiber
{
public:
    using Body = void (*)(void* argument);

    Fiber();
    ~Fiber();
    Fiber(const Fiber&) = delete;
    Fiber& operator=(const Fiber&) = delete;

    /// Makes the next resume() call body(argument). What ran here before is dropped where it
    /// stands.
    void start(Body body, void* argument);
    /// Runs until the body yields or returns; true: it returned.
    bool resume();
    /// Called within the body.
    void yield();

private:
    static void enter(boost::context::detail::transfer_t from);
    void arrive(void* fake_stack);

    char* m_stack = nullptr; // lowest usable byte; a guard page lies below
    boost::context::detail::fcontext_t m_here = nullptr; // of the fiber, while it is suspended
    boost::context::detail::fcontext_t m_back = nullptr; // of whoever resumed it
    Body m_body = nullptr;
    void* m_argument = nullptr;
    bool m_is_done = true;
    const void* m_caller_stack = nullptr; // for the address sanitizer
    size_t m_caller_bytes = 0;
    void* m_tsan_fiber = nullptr;
    void* m_tsan_caller = nullptr;
};

} // namespace gorgon::cuda::emulation
