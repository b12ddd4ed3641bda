// SPDX-License-Identifier: Apache-2.0
#include "core/text/read_file.h"

#include <cstring>
#include <stdexcept>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace gorgon {

namespace {

constexpr int kMaxJsonDepth = 64;

struct Descriptor
{
    int fd = -1;
    ~Descriptor()
    {
        if (fd >= 0)
            ::close(fd);
    }
};

} // namespace

std::string readRegularFile(const std::filesystem::path& path, std::size_t max_bytes)
{
    const std::string name = path.string();
    // Without O_NONBLOCK the open itself would wait for the writer of a pipe.
    const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (file.fd < 0)
        throw std::runtime_error(name + ": cannot be opened (" + std::strerror(errno) + ")");
    struct stat info = {};
    if (::fstat(file.fd, &info) != 0 || !S_ISREG(info.st_mode))
        throw std::runtime_error(name + ": expected a regular file, found something else");
    if (info.st_size < 0 || static_cast<std::size_t>(info.st_size) > max_bytes)
        throw std::runtime_error(name + ": expected at most " + std::to_string(max_bytes)
            + " bytes, found " + std::to_string(info.st_size));
    std::string bytes(static_cast<std::size_t>(info.st_size), '\0');
    std::size_t done = 0;
    while (done < bytes.size()) {
        const ssize_t n = ::read(file.fd, bytes.data() + done, bytes.size() - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            throw std::runtime_error(name + ": expected " + std::to_string(bytes.size())
                + " bytes, could read " + std::to_string(done));
        done += static_cast<std::size_t>(n);
    }
    return bytes;
}

nlohmann::json parseJsonObject(const std::string& bytes, const std::string& what)
{
    const auto check_depth = [&](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
        if (depth > kMaxJsonDepth)
            throw std::runtime_error(what + ": expected JSON nested at most "
                + std::to_string(kMaxJsonDepth) + " deep, found more");
        return true;
    };
    nlohmann::json value;
    try {
        value = nlohmann::json::parse(bytes.begin(), bytes.end(), check_depth);
    } catch (const nlohmann::json::exception&) {
        throw std::runtime_error(
            what + ": expected JSON, found something else; download the file again");
    }
    if (!value.is_object())
        throw std::runtime_error(what + ": expected a JSON object, found " + value.type_name());
    return value;
}

nlohmann::json readJsonObject(const std::filesystem::path& path)
{
    return parseJsonObject(readRegularFile(path, kMaxJsonBytes), path.string());
}

} // namespace gorgon
