// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/usable_threads.h"

#include <algorithm>
#include <fstream>
#include <string>
#include <thread>

#include "kernels/backend.h"

#if defined(__linux__)
#include <sched.h>
#endif

namespace gorgon {

namespace fs = std::filesystem;

namespace {

/// Quota over period of one group; 0 where there is none or the numbers make no sense.
double readQuota(const fs::path& folder, bool version_2)
{
    long long quota = -1, period = 0;
    if (version_2) {
        std::ifstream file(folder / "cpu.max"); // "max 100000" or "150000 100000"
        file >> quota >> period;
        if (!file)
            return 0;
    } else {
        std::ifstream quota_file(folder / "cpu.cfs_quota_us"); // -1: none
        std::ifstream period_file(folder / "cpu.cfs_period_us");
        if (!(quota_file >> quota) || !(period_file >> period))
            return 0;
    }
    return quota > 0 && period > 0 ? double(quota) / double(period) : 0;
}

/// The smallest quota from the group up to the top of its hierarchy.
double smallestQuota(const fs::path& mount, std::string group, bool version_2)
{
    double smallest = 0;
    for (;;) {
        const std::string relative = group.empty() || group[0] != '/' ? group : group.substr(1);
        const double quota = readQuota(mount / relative, version_2);
        if (quota > 0)
            smallest = smallest > 0 ? std::min(smallest, quota) : quota;
        if (relative.empty())
            return smallest;
        const size_t slash = group.find_last_of('/');
        group = slash == std::string::npos ? "" : group.substr(0, slash);
    }
}

bool listHas(const std::string& list, const std::string& name)
{
    return ("," + list + ",").find("," + name + ",") != std::string::npos;
}

} // namespace

int cgroupThreads(const fs::path& root)
{
    double smallest = 0;
    std::ifstream groups(root / "proc/self/cgroup"); // lines "number:controllers:/group"
    for (std::string line; std::getline(groups, line);) {
        const size_t first = line.find(':');
        const size_t second = first == std::string::npos ? first : line.find(':', first + 1);
        if (second == std::string::npos || line.find("..", second) != std::string::npos)
            continue;
        const std::string controllers = line.substr(first + 1, second - first - 1);
        const std::string group = line.substr(second + 1);
        double quota = 0;
        if (controllers.empty()) {
            quota = smallestQuota(root / "sys/fs/cgroup", group, true);
        } else if (listHas(controllers, "cpu")) {
            quota = smallestQuota(root / "sys/fs/cgroup/cpu", group, false);
            if (quota <= 0)
                quota = smallestQuota(root / "sys/fs/cgroup/cpu,cpuacct", group, false);
        }
        if (quota > 0)
            smallest = smallest > 0 ? std::min(smallest, quota) : quota;
    }
    return smallest > 0 ? std::max(1, int(std::min(smallest, 4096.0))) : 0;
}

int usableThreads()
{
    int n = int(std::thread::hardware_concurrency());
#if defined(__linux__)
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0)
        n = CPU_COUNT(&allowed);
    if (const int quota = cgroupThreads("/"); quota > 0)
        n = std::min(n, quota);
#endif
    return std::max(1, n);
}

} // namespace gorgon
