// SPDX-License-Identifier: Apache-2.0
// The fake hub as a program, for what does not link it: serves each folder ORG/NAME of a folder as
// a repository until its standard input ends.
#include "tests/support/fake_hub.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>

namespace {

using namespace gorgon::tests;
namespace fs = std::filesystem;

constexpr const char* kUsage = R"(fake_hub_server FOLDER [OPTIONS]
  --tls              https; the authority's certificate is written to FOLDER/authority.pem
  --large BYTES      files from this size on are large files, served by the second host (1000000)
  --token TOKEN      an account that exists
  --writer TOKEN     the same, and it may write
  --parts BYTES      large files are uploaded in parts of that size
  --gated ORG/NAME   may be read by the tokens given before
  --private ORG/NAME the same, and unseen by others
  --fault F@PATH     a fault for GET requests whose address holds PATH: cut:N, reset:N, stall:N, drip:N,
                     slow:N, flip:N, status:N, retry-after:S, redirect:URL, whole, no-range, expired,
                     gzip, portal; once, or with "+" in front for ever
  --log FILE         a line for each request
Prints "endpoint URL" and "cdn URL", and serves until standard input ends.
)";

struct Arguments
{
    fs::path folder;
    fs::path log;
    uint64_t large = 1000000;
    FakeHubOptions options;
    std::set<std::string> tokens;
    std::map<std::string, HubRepository::Access> access;
    std::vector<HubFault> faults;
};

HubFault faultOf(const std::string& text)
{
    const size_t at = text.find('@');
    if (at == std::string::npos)
        throw std::runtime_error("--fault " + text + ": expected F@PATH");
    const bool always = text.front() == '+';
    HubFault fault;
    fault.path = text.substr(at + 1);
    fault.change = changeNamed(text.substr(always, at - always));
    fault.times = always ? HubFault::kAlways : 1;
    return fault;
}

Arguments argumentsOf(int argc, char** argv)
{
    Arguments arguments;
    for (int i = 1; i < argc; ++i) {
        const std::string name = argv[i];
        if (name == "--tls") {
            arguments.options.tls = true;
        } else if (name.rfind("--", 0) != 0 && arguments.folder.empty()) {
            arguments.folder = name;
        } else if (i + 1 == argc) {
            throw std::runtime_error(name + ": expected a value behind it\n" + kUsage);
        } else if (const std::string value = argv[++i]; name == "--large") {
            arguments.large = std::stoull(value);
        } else if (name == "--token") {
            arguments.tokens.insert(value);
        } else if (name == "--writer") {
            arguments.tokens.insert(value);
            arguments.options.rules.writers.insert(value);
        } else if (name == "--parts") {
            arguments.options.rules.upload_chunk_bytes = std::stoull(value);
        } else if (name == "--gated") {
            arguments.access[value] = HubRepository::Access::gated;
        } else if (name == "--private") {
            arguments.access[value] = HubRepository::Access::secret;
        } else if (name == "--fault") {
            arguments.faults.push_back(faultOf(value));
        } else if (name == "--log") {
            arguments.log = value;
        } else {
            throw std::runtime_error(name + ": no such option\n" + kUsage);
        }
    }
    if (!fs::is_directory(arguments.folder))
        throw std::runtime_error(std::string("expected a folder of repositories\n") + kUsage);
    return arguments;
}

HubBytes diskBytes(const fs::path& path)
{
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0)
        throw std::runtime_error(path.string() + ": could not be opened");
    const std::shared_ptr<const int> held(new int(file), [](const int* number) {
        ::close(*number);
        delete number;
    });
    return {fs::file_size(path), [held](uint64_t offset, std::span<char> out) {
                for (size_t done = 0; done < out.size();) {
                    const ssize_t n = ::pread(
                        *held, out.data() + done, out.size() - done, off_t(offset + done));
                    if (n <= 0)
                        throw std::runtime_error("a served file was cut");
                    done += size_t(n);
                }
            }};
}

HubFiles filesOf(const fs::path& folder, uint64_t large)
{
    HubFiles files;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
        if (!entry.is_regular_file())
            continue;
        const std::string name = fs::relative(entry.path(), folder).generic_string();
        const HubBytes bytes = diskBytes(entry.path());
        files[name] = bytes.size >= large ? largeFile(bytes) : smallFile(textOf(bytes));
    }
    return files;
}

void serve(const Arguments& arguments)
{
    FakeHub hub(arguments.options);
    for (const fs::directory_entry& owner : fs::directory_iterator(arguments.folder)) {
        if (!owner.is_directory())
            continue;
        for (const fs::directory_entry& name : fs::directory_iterator(owner.path()))
            if (name.is_directory())
                hub.commit(owner.path().filename().string() + "/" + name.path().filename().string(),
                    filesOf(name.path(), arguments.large));
    }
    hub.edit([&](HubContent& content, HubRules&) {
        content.tokens = arguments.tokens;
        for (const auto& [id, access] : arguments.access) {
            content.repositories[id].access = access;
            content.repositories[id].admitted = arguments.tokens;
        }
    });
    for (const HubFault& fault : arguments.faults)
        hub.script(fault);
    std::ofstream log(arguments.log);
    if (!arguments.log.empty())
        hub.onRequest([&](const HubRequest& request) {
            log << (request.host == HubHost::hub ? "hub " : "cdn ") << request.method << " "
                << request.target << " " << request.status << " range=" << request.header("range")
                << " authorization=" << (request.header("authorization").empty() ? "no" : "yes")
                << std::endl;
        });
    if (arguments.options.tls)
        std::ofstream(arguments.folder / "authority.pem") << hub.authorityCertificate();
    std::cout << "endpoint " << hub.endpoint() << "\ncdn " << hub.cdn() << std::endl;
    for (std::string line; std::getline(std::cin, line);)
        ;
}

} // namespace

int main(int argc, char** argv)
{
    try {
        serve(argumentsOf(argc, argv));
        return 0;
    } catch (const std::exception& error) {
        std::cerr << "error: " << error.what() << "\n";
        return 1;
    }
}
