// SPDX-License-Identifier: Apache-2.0
#include "core/hub/partial_owner.h"

#include <array>
#include <cstdlib>
#include <fcntl.h>
#include <mutex>
#include <set>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include "core/hub/cache_folder.h"

namespace gorgon {

namespace {

constexpr int64_t kForgottenS = 600;

std::string firstLine(const std::string& path)
{
    const OpenFile file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    char text[1024];
    const ssize_t n = file ? ::read(file.get(), text, sizeof text) : 0;
    std::string line(text, n > 0 ? size_t(n) : 0);
    return line.substr(0, line.find('\n'));
}

/// Field `number`, from 3, of a line of /proc/PID/stat: behind a name that may hold blanks and
/// parentheses.
std::string statField(const std::string& line, int number)
{
    size_t at = line.rfind(')');
    for (int field = 2; field < number && at != line.npos; ++field)
        at = line.find(' ', at + 1);
    return at == line.npos ? "" : line.substr(at + 1, line.find(' ', at + 1) - at - 1);
}

/// Ticks since boot; empty where there is no such process, or one that is ending (PF_EXITING is set
/// before its locks are gone) or has ended and waits for its parent.
std::string startOf(const std::string& process)
{
    constexpr uint64_t kExiting = 4;
    const std::string line = firstLine("/proc/" + process + "/stat");
    const std::string state = statField(line, 3), flags = statField(line, 9);
    if (state == "Z" || state == "X" || (std::strtoull(flags.c_str(), nullptr, 10) & kExiting))
        return {};
    return statField(line, 22);
}

std::string processNamespace()
{
    char text[64];
    const ssize_t n = ::readlink("/proc/self/ns/pid", text, sizeof text);
    return std::string(text, n > 0 ? size_t(n) : 0);
}

enum Part
{
    machine,
    boot,
    names,
    process,
    start,
    nParts
};
using Parts = std::array<std::string, nParts>;

Parts partsOf(std::string_view owner)
{
    Parts parts;
    for (std::string& part : parts) {
        const size_t end = std::min(owner.find('/'), owner.size());
        part = owner.substr(0, end);
        owner.remove_prefix(std::min(end + 1, owner.size()));
    }
    return parts;
}

struct Claims
{
    std::mutex mutex;
    std::set<std::pair<uint64_t, uint64_t>> files;
};

/// Of the process: whoever writes anywhere in it must see it.
Claims& claims()
{
    static Claims all;
    return all;
}

} // namespace

FileClaim::~FileClaim()
{
    if (!m_file)
        return;
    const std::lock_guard lock(claims().mutex);
    claims().files.erase(*m_file);
}

bool FileClaim::take(int descriptor)
{
    struct stat status = {};
    if (::fstat(descriptor, &status) != 0)
        return false;
    const std::pair<uint64_t, uint64_t> file(status.st_dev, status.st_ino);
    const std::lock_guard lock(claims().mutex);
    if (!claims().files.insert(file).second)
        return false;
    m_file = file;
    return true;
}

std::string thisBoot()
{
    return firstLine("/proc/sys/kernel/random/boot_id");
}

std::string thisProcess()
{
    const std::string id = std::to_string(::getpid());
    return firstLine("/etc/machine-id") + "/" + thisBoot() + "/" + processNamespace() + "/" + id
        + "/" + startOf("self");
}

bool mayBeAlive(std::string_view owner, int64_t idle_s)
{
    if (owner.empty())
        return false;
    const Parts parts = partsOf(owner), ours = partsOf(thisProcess());
    if (parts[machine] != ours[machine])
        return idle_s < kForgottenS;
    if (parts[boot] != ours[boot])
        return false;
    if (parts[names] != ours[names] || parts[start].empty())
        return idle_s < kForgottenS;
    if (parts[process].find_first_not_of("0123456789") != std::string::npos)
        return false;
    // note: within this process the file's claim decides.
    return parts[process] != ours[process] && startOf(parts[process]) == parts[start];
}

} // namespace gorgon
