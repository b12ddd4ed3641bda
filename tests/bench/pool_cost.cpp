// SPDX-License-Identifier: Apache-2.0
// What an operation pays to have all threads at work: the time to enter and leave
// ThreadPool::forEach with items that do nothing. Not a test: it prints.
//   pool_cost [most threads]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "kernels/backend.h"
#include "kernels/cpu/parallel.h"

using namespace gorgon;

namespace {

using Clock = std::chrono::steady_clock;

double microsecondsSince(Clock::time_point start)
{
    return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

/// Microseconds of a call, sorted; `pause` before each lets threads fall asleep.
std::vector<double> timeCalls(ThreadPool& pool, int n_calls, std::chrono::microseconds pause)
{
    std::vector<double> times;
    for (int call = 0; call < n_calls; call++) {
        if (pause.count() > 0)
            std::this_thread::sleep_for(pause);
        const auto start = Clock::now();
        pool.forEach(4 * pool.size(), [](int64_t, int) {});
        times.push_back(microsecondsSince(start));
    }
    std::sort(times.begin(), times.end());
    return times;
}

double share(const std::vector<double>& sorted, double part)
{
    return sorted[size_t(part * double(sorted.size() - 1))];
}

} // namespace

int main(int argc, char** argv)
{
    const int most = argc > 1 ? std::clamp(std::atoi(argv[1]), 1, 512) : usableThreads();
    std::printf("threads  awake: median  90 %%  99 %% us   asleep: median  90 %% us\n");
    for (int n_threads = 1; n_threads <= most; n_threads++) {
        ThreadPool pool(n_threads);
        timeCalls(pool, 2000, {}); // warm-up
        const auto awake = timeCalls(pool, 100'000, {});
        const auto asleep = timeCalls(pool, 500, std::chrono::microseconds(500));
        std::printf("%7d  %13.2f %5.2f %5.2f      %14.2f %5.2f\n", n_threads, share(awake, 0.5),
            share(awake, 0.9), share(awake, 0.99), share(asleep, 0.5), share(asleep, 0.9));
    }
    return 0;
}
