// SPDX-License-Identifier: Apache-2.0
#include "core/model/new_file.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/model/file_error.h"

namespace gorgon {

namespace {

[[noreturn]] void failErrno(const std::filesystem::path& path, const std::string& what)
{
    const int error = errno;
    failFile(path,
        what + " (" + std::strerror(error) + ")"
            + (error == ENOSPC ? "; free some space or choose another disk" : ""));
}

void syncFolder(const std::filesystem::path& folder)
{
    const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        return; // not every file system lets folders be opened
    ::fsync(descriptor);
    ::close(descriptor);
}

/// A file that this program, or whoever published a model, puts into its folder.
bool isModelFile(const std::string& name)
{
    static constexpr std::array<std::string_view, 13> kStarts
        = {"config.json", "generation_config", "medusa_lm_head.", "medusa_choices.json",
            "model.safetensors", "model-", "pytorch_model", "tokenizer", "special_tokens_map.json",
            "added_tokens.json", "vocab.json", "merges.txt", "chat_template."};
    return std::any_of(kStarts.begin(), kStarts.end(),
        [&](std::string_view start) { return name.starts_with(start); });
}

void checkReplaceable(const std::filesystem::path& target, NewFolder::Result result)
{
    const auto status = std::filesystem::symlink_status(target);
    if (result == NewFolder::Result::file) {
        if (!std::filesystem::is_regular_file(status))
            failFile(target, "a file to replace was expected, this is something else");
        return;
    }
    if (!std::filesystem::is_directory(status))
        failFile(target, "a folder to replace was expected, this is something else");
    for (const auto& entry : std::filesystem::directory_iterator(target))
        if (!entry.is_regular_file() || !isModelFile(entry.path().filename().string()))
            failFile(target,
                "only a folder of a model or of heads is replaced, this one also holds \""
                    + shown(entry.path().filename().string())
                    + "\", which would be lost; choose another folder");
}

} // namespace

NewFile::NewFile(std::filesystem::path path)
    : m_path(std::move(path))
    , m_descriptor(
          ::open(m_path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644))
{
    if (m_descriptor < 0)
        failErrno(m_path, "the file cannot be made");
}

NewFile::~NewFile()
{
    if (m_descriptor >= 0)
        ::close(m_descriptor);
}

void NewFile::write(std::span<const std::byte> bytes)
{
    while (!bytes.empty()) {
        const ssize_t n = ::write(m_descriptor, bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            failErrno(m_path, "the file cannot be written");
        bytes = bytes.subspan(size_t(n));
    }
}

void NewFile::write(std::string_view text)
{
    write(std::as_bytes(std::span(text)));
}

void NewFile::close()
{
    if (::fsync(m_descriptor) != 0)
        failErrno(m_path, "the file cannot be written");
    const int descriptor = m_descriptor;
    m_descriptor = -1;
    if (::close(descriptor) != 0)
        failErrno(m_path, "the file cannot be written");
}

void replaceFile(const std::filesystem::path& path, const std::function<void(NewFile&)>& write)
{
    // Where process numbers repeat, a killed one may have left a part of the same name.
    static std::atomic<int> n_parts = 0;
    constexpr int kMostTries = 1000;
    std::filesystem::path part;
    std::error_code ignored;
    int n_tries = 0;
    do {
        part = path;
        part += ".part-" + std::to_string(::getpid()) + "-" + std::to_string(++n_parts);
    } while (std::filesystem::exists(std::filesystem::symlink_status(part, ignored))
        && ++n_tries < kMostTries);
    NewFile file(part);
    try {
        write(file);
        file.close();
        if (::rename(part.c_str(), path.c_str()) != 0)
            failErrno(path, "the file cannot be given its name");
    } catch (...) {
        std::error_code error;
        std::filesystem::remove(part, error);
        throw;
    }
}

NewFolder::NewFolder(const std::filesystem::path& target, Result result, bool replace)
    : m_target(std::filesystem::absolute(target).lexically_normal())
    , m_result(result)
{
    if (!m_target.has_filename())
        m_target = m_target.parent_path();
    std::error_code error;
    if (!m_target.has_filename() || !std::filesystem::is_directory(m_target.parent_path(), error))
        failFile(m_target, "the folder in which it should be made is not there; make it first");
    m_replace = std::filesystem::exists(std::filesystem::symlink_status(m_target, error));
    if (m_replace && !replace)
        failFile(m_target, "it is there already; choose another name or replace it with --force");
    if (m_replace)
        checkReplaceable(m_target, m_result);
    std::string pattern
        = (m_target.parent_path() / ("." + m_target.filename().string() + ".part-XXXXXX")).string();
    if (!::mkdtemp(pattern.data()))
        failErrno(m_target, "it cannot be made");
    m_path = pattern;
    ::chmod(m_path.c_str(), 0755);
}

NewFolder::~NewFolder()
{
    std::error_code error;
    if (!m_path.empty())
        std::filesystem::remove_all(m_path, error);
}

uint64_t NewFolder::freeBytes() const
{
    return std::filesystem::space(m_target.parent_path()).available;
}

void NewFolder::commit(const std::filesystem::path& file)
{
    syncFolder(m_path);
    const bool is_file = m_result == Result::file;
    const std::filesystem::path from = is_file ? m_path / file : m_path;
    // A folder cannot be renamed onto one that holds files: they change places, in one step where
    // the file system can, and the old one is removed under the temporary name.
    if (m_replace && !is_file) {
        if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, m_target.c_str(), RENAME_EXCHANGE) != 0) {
            const std::filesystem::path old = m_path.string() + "-old";
            if (::rename(m_target.c_str(), old.c_str()) != 0
                || ::rename(from.c_str(), m_target.c_str()) != 0)
                failErrno(m_target, "it cannot be replaced");
            m_path = old;
        }
    } else if (::rename(from.c_str(), m_target.c_str()) != 0)
        failErrno(m_target, "it cannot be given its name");
    else if (!is_file)
        m_path.clear();
    syncFolder(m_target.parent_path());
}

} // namespace gorgon
