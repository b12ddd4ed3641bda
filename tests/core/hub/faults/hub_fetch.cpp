// SPDX-License-Identifier: Apache-2.0
// Fetches files of one repository in a process of its own, which tests end, cramp or start eight
// times.
//   hub_fetch ENDPOINT CACHE REPOSITORY [OPTIONS] PATH...
// Prints one line for each file: "done BYTES_RECEIVED BYTES_RESUMED cached|fetched FILE", or
// "error KIND MESSAGE" and ends with status 1.
#include "core/hub/fetch_file.h"

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <iostream>
#include <stdexcept>

namespace {

constexpr const char* kUsage = R"(hub_fetch ENDPOINT CACHE REPOSITORY [OPTIONS] PATH...
  --file-bytes N   no file may become longer (RLIMIT_FSIZE)
  --user N         works as that user
  --retries N      tries again so many times
  --offline        asks nobody
)";

struct Arguments
{
    gorgon::HubSettings settings;
    std::string repository;
    std::vector<std::string> paths;
};

void limitFiles(rlim_t bytes)
{
    const rlimit limit = {bytes, bytes};
    std::signal(SIGXFSZ, SIG_IGN); // write fails instead
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
        throw std::runtime_error("setrlimit failed");
}

void becomeUser(uid_t user)
{
    if (setgid(user) != 0 || setuid(user) != 0)
        throw std::runtime_error("setuid failed");
}

Arguments argumentsOf(int argc, char** argv)
{
    if (argc < 5)
        throw std::runtime_error(kUsage);
    Arguments arguments;
    arguments.settings.endpoint = argv[1];
    arguments.settings.cache = argv[2];
    arguments.settings.connect_ms = 2000;
    arguments.settings.stall_ms = 2000;
    arguments.repository = argv[3];
    for (int i = 4; i < argc; ++i) {
        const std::string name = argv[i];
        if (name == "--offline")
            arguments.settings.offline = true;
        else if (name == "--retries" && i + 1 < argc)
            arguments.settings.n_retries = std::stoi(argv[++i]);
        else if (name == "--file-bytes" && i + 1 < argc)
            limitFiles(std::stoul(argv[++i]));
        else if (name == "--user" && i + 1 < argc)
            becomeUser(uid_t(std::stoul(argv[++i])));
        else
            arguments.paths.push_back(name);
    }
    return arguments;
}

void fetchAll(const Arguments& arguments)
{
    auto context = std::make_shared<gorgon::HttpContext>();
    context->settings = arguments.settings;
    gorgon::HubClient client(context);
    const gorgon::HubCache cache(arguments.settings.cache);
    gorgon::FetchRequest request;
    request.repository = arguments.repository;
    request.revision = "main";
    const auto kept = cache.commit(arguments.repository, "main");
    request.commit = kept ? *kept : client.commit(arguments.repository, "main");
    for (const std::string& path : arguments.paths) {
        request.path = path;
        const gorgon::FetchedFile file = gorgon::fetchFile(client, cache, request);
        std::cout << "done " << file.n_received << " " << file.n_resumed << " "
                  << (file.was_cached ? "cached " : "fetched ") << file.path.string() << std::endl;
    }
    cache.writeRef(arguments.repository, "main", request.commit);
}

} // namespace

int main(int argc, char** argv)
{
    try {
        fetchAll(argumentsOf(argc, argv));
        return 0;
    } catch (const gorgon::HubError& error) {
        std::cout << "error " << gorgon::hubErrorName(error.kind()) << " " << error.what()
                  << std::endl;
    } catch (const std::exception& error) {
        std::cout << "error other " << error.what() << std::endl;
    }
    return 1;
}
