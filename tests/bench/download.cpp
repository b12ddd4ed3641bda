// SPDX-License-Identifier: Apache-2.0
// How fast a large file arrives: a synthetic one from the loopback interface through core/hub,
// against what the disk writes and SHA-256 hashes in the same run. The server is a process of its
// own.
#include "core/hub/fetch_file.h"
#include "tests/support/fake_hub.h"
#include "tests/support/process_memory.h"
#include "tests/support/scratch_folder.h"

#include <openssl/evp.h>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>

namespace {

using namespace gorgon;
using namespace gorgon::tests;

constexpr uint64_t kGiB = uint64_t(1) << 30;
constexpr const char* kModel = "bench/large";
constexpr const char* kPath = "model.safetensors";

class Stopwatch
{
public:
    double seconds() const
    {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - m_start).count();
    }

private:
    std::chrono::steady_clock::time_point m_start = std::chrono::steady_clock::now();
};

double hashRate(uint64_t bytes)
{
    const std::string block(1 << 20, 'x');
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(
        EVP_MD_CTX_new(), EVP_MD_CTX_free);
    EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
    const Stopwatch watch;
    for (uint64_t done = 0; done < bytes; done += block.size())
        EVP_DigestUpdate(context.get(), block.data(), block.size());
    return double(bytes) / watch.seconds();
}

double writeRate(const std::filesystem::path& folder, uint64_t bytes)
{
    const std::filesystem::path path = folder / "written";
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    std::string block(1 << 20, 'x');
    const Stopwatch watch;
    for (uint64_t done = 0; done < bytes; done += block.size()) {
        block[0] = char(done >> 20);
        if (::write(file, block.data(), block.size()) != ssize_t(block.size()))
            throw std::runtime_error(path.string() + ": could not be written");
    }
    ::fsync(file);
    const double rate = double(bytes) / watch.seconds();
    ::close(file);
    std::filesystem::remove(path);
    return rate;
}

/// Serves the file until the other side of `answer` closes.
[[noreturn]] void serve(uint64_t bytes, const std::string& sha256, int question, int answer)
{
    FakeHubOptions options;
    options.send_buffer_bytes = 0;
    FakeHub hub(options);
    const std::string commit
        = hub.commit(kModel, {{kPath, largeFile(countedBytes(bytes), sha256)}});
    const std::string text = hub.endpoint() + " " + commit + "\n";
    if (::write(answer, text.data(), text.size()) < 0)
        _exit(1);
    char byte = 0;
    while (::read(question, &byte, 1) > 0)
        ;
    _exit(0);
}

struct Server
{
    pid_t process = 0;
    int question = -1;
    std::string endpoint;
    std::string commit;
};

/// Before this process has threads.
Server startServer(uint64_t bytes, const std::string& sha256)
{
    int question[2];
    int answer[2];
    if (::pipe(question) != 0 || ::pipe(answer) != 0)
        throw std::runtime_error("no pipe");
    Server server;
    server.process = ::fork();
    if (server.process == 0) {
        ::close(question[1]);
        serve(bytes, sha256, question[0], answer[1]);
    }
    ::close(question[0]);
    ::close(answer[1]);
    server.question = question[1];
    std::string line;
    for (char letter = 0; ::read(answer[0], &letter, 1) == 1 && letter != '\n';)
        line += letter;
    server.endpoint = line.substr(0, line.find(' '));
    server.commit = line.substr(line.find(' ') + 1);
    return server;
}

int run(uint64_t bytes, const std::filesystem::path& parent)
{
    const ScratchFolder folder("gorgon-download", parent);
    const uint64_t probe = std::min(bytes, 4 * kGiB);
    const std::string sha256 = sha256Of(countedBytes(bytes));
    const Server server = startServer(bytes, sha256);
    const double hashing = hashRate(probe);
    const double writing = writeRate(folder.path(), probe);

    auto context = std::make_shared<HttpContext>();
    context->settings.endpoint = server.endpoint;
    context->settings.cache = folder.path() / "cache";
    HubClient client(context);
    FetchRequest request;
    request.repository = kModel;
    request.revision = "main";
    request.commit = server.commit;
    request.path = kPath;
    const MemoryPeak memory;
    const Stopwatch watch;
    const FetchedFile file = fetchFile(client, HubCache(context->settings.cache), request);
    const double rate = double(file.bytes) / watch.seconds();
    const uint64_t peak = statusBytes("VmHWM:");
    ::close(server.question);
    ::waitpid(server.process, nullptr, 0);

    std::printf("file            %.2f GiB, received %.2f GiB\n", double(file.bytes) / double(kGiB),
        double(file.n_received) / double(kGiB));
    std::printf("SHA-256         %.2f GB/s\n", hashing / 1e9);
    std::printf("disk writes     %.2f GB/s\n", writing / 1e9);
    std::printf("download        %.2f GB/s\n", rate / 1e9);
    std::printf("share of slower %.2f\n", rate / std::min(hashing, writing));
    std::printf("peak memory     %.1f MiB, of it for the download %.1f MiB\n",
        double(peak) / (1 << 20), double(memory.growth()) / (1 << 20));
    return file.n_received == bytes && file.blob == sha256 ? 0 : 1;
}

} // namespace

int main(int argc, char** argv)
{
    double gib = 10;
    std::filesystem::path parent = std::filesystem::temp_directory_path();
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string name = argv[i];
        if (name == "--gib")
            gib = std::strtod(argv[i + 1], nullptr);
        else if (name == "--folder")
            parent = argv[i + 1];
    }
    if (argc % 2 == 0 || !(gib > 0) || gib > 1000) {
        std::cerr << "download_bench [--gib 10] [--folder FOLDER]\n";
        return 2;
    }
    try {
        return run(uint64_t(gib * double(kGiB)), parent);
    } catch (const std::exception& error) {
        std::cerr << "error: " << error.what() << "\n";
        return 1;
    }
}
