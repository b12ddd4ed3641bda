// SPDX-License-Identifier: Apache-2.0
#include "tests/core/hub/faults/scene.h"

#include <charconv>
#include <cstdlib>
#include <thread>

namespace gorgon::tests {
namespace {

namespace fs = std::filesystem;

/// In memory where that can be had: the tests synchronise thousands of files.
fs::path quickFolder()
{
    const fs::path memory = "/dev/shm";
    std::error_code error;
    const fs::space_info space = fs::space(memory, error);
    return !error && space.available > (uint64_t(256) << 20) ? memory : fs::temp_directory_path();
}

} // namespace

std::chrono::steady_clock::time_point TestClock::now() const
{
    return m_start + slept();
}

void TestClock::sleep(std::chrono::milliseconds time, const std::stop_token& stop)
{
    if (stop.stop_requested())
        return;
    const std::lock_guard lock(m_mutex);
    m_sleeps.push_back(time);
}

std::vector<std::chrono::milliseconds> TestClock::sleeps() const
{
    const std::lock_guard lock(m_mutex);
    return m_sleeps;
}

std::chrono::milliseconds TestClock::slept() const
{
    std::chrono::milliseconds sum{0};
    for (const std::chrono::milliseconds time : sleeps())
        sum += time;
    return sum;
}

std::map<std::string, std::string> treeOf(const fs::path& folder)
{
    std::map<std::string, std::string> tree;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
        const std::string name = fs::relative(entry.path(), folder).generic_string();
        if (entry.is_symlink())
            tree[name] = "link to " + fs::read_symlink(entry.path()).string();
        else if (entry.is_directory())
            tree[name] = "folder";
        else if (entry.is_regular_file())
            tree[name] = "file " + bytesOf(entry.path());
        else
            tree[name] = "special";
    }
    return tree;
}

Scene::Scene(const FakeHubOptions& options, uint64_t large_bytes)
    : folder("gorgon-hub", quickFolder())
    , hub(options)
{
    files = {{kLargePath, largeFile(countedBytes(large_bytes, 7))},
        {kSmallPath,
            smallFile(R"({"architectures": ["LlamaForCausalLM"], "model_type": "llama"})")},
        {"tokenizer.json", smallFile(std::string(3000, '{'))}};
    commit = hub.commit(kModelId, files);
    hub.edit([](HubContent& content, HubRules&) {
        content.tokens = {"hf_known", "hf_admitted"};
        content.repositories[kModelId].admitted = {"hf_admitted"};
        content.repositories[kModelId].downloads = 10;
    });
    settings.endpoint = hub.endpoint();
    settings.cache = folder.path() / "cache";
    settings.connect_ms = 2000;
    settings.reply_ms = 500;
    settings.stall_ms = 300;
    settings.n_retries = 3;
    settings.token_to_mirror = true;
    settings.user_agent = "gorgon-test";
    if (options.tls)
        settings.ca_file = folder.write("authority.pem", hub.authorityCertificate());
    folder.write("outside/secret.txt", "nobody may write here");
    folder.write("outside/folder/deeper.txt", "nor here");
    m_outside = treeOf(folder.path() / "outside");
}

HubClient Scene::client() const
{
    auto context = std::make_shared<HttpContext>();
    context->settings = settings;
    return HubClient(context, clock);
}

FetchRequest Scene::request(const std::string& path) const
{
    FetchRequest request;
    request.repository = kModelId;
    request.revision = "main";
    request.commit = commit;
    request.path = path;
    return request;
}

FetchedFile Scene::fetch(const std::string& path, const std::stop_token& stop) const
{
    HubClient hub_client = client();
    return fetchFile(hub_client, HubCache(settings.cache), request(path), {}, stop);
}

HubErrorInfo Scene::errorOf(const std::function<void(HubClient&)>& work) const
{
    HubClient hub_client = client();
    try {
        work(hub_client);
    } catch (const HubError& error) {
        CAPTURE(error.what());
        // One sentence for people, without control characters or a token.
        const std::string message = error.info().message;
        CHECK(message.size() > 10);
        CHECK(message.size() < 1000);
        for (const char letter : message)
            CHECK(static_cast<unsigned char>(letter) >= 32);
        CHECK(message == error.what());
        if (!settings.token.empty()) {
            CHECK(message.find(settings.token) == std::string::npos);
            CHECK(error.info().details().find(settings.token) == std::string::npos);
        }
        CHECK(error.info().details().find("Signature=") == std::string::npos);
        return error.info();
    }
    FAIL("no error was thrown");
    return {};
}

HubErrorInfo Scene::failure(const std::string& path) const
{
    const HubErrorInfo error = errorOf([&](HubClient& hub_client) {
        fetchFile(hub_client, HubCache(settings.cache), request(path));
    });
    checkAbsent(path);
    checkOutside();
    return error;
}

std::string Scene::expected(const std::string& path) const
{
    return textOf(files.at(path).bytes);
}

fs::path Scene::repositoryFolder() const
{
    return settings.cache / "models--org--model";
}

fs::path Scene::blob(const std::string& path) const
{
    return repositoryFolder() / "blobs" / files.at(path).etag;
}

std::vector<fs::path> Scene::partials() const
{
    std::vector<fs::path> found;
    std::error_code error;
    for (const fs::directory_entry& entry :
        fs::directory_iterator(repositoryFolder() / "blobs", error)) {
        const std::string name = entry.path().filename().string();
        const std::string ending = ".gorgon.incomplete";
        if (name.size() > ending.size()
            && name.compare(name.size() - ending.size(), ending.size(), ending) == 0)
            found.push_back(entry.path());
    }
    return found;
}

uint64_t Scene::partialBytes() const
{
    uint64_t most = 0;
    for (const fs::path& path : partials()) {
        std::error_code gone; // whole meanwhile
        const uint64_t bytes = fs::file_size(path, gone);
        most = gone ? most : std::max(most, bytes);
    }
    return most;
}

void Scene::checkRight(const std::string& path) const
{
    const fs::path link = repositoryFolder() / "snapshots" / commit / path;
    REQUIRE(fs::is_symlink(link));
    CHECK(fs::weakly_canonical(link) == fs::weakly_canonical(blob(path)));
    CHECK_MESSAGE(bytesOf(link) == expected(path), "wrong bytes under the final name");
    CHECK(partialBytes() == 0);
    checkOutside();
}

void Scene::checkWhole(const std::string& path) const
{
    checkRight(path);
    CHECK(partials().empty());
    for (const fs::directory_entry& entry : fs::directory_iterator(repositoryFolder() / "blobs"))
        CHECK_MESSAGE(entry.path().filename().string().find('.') == std::string::npos,
            entry.path().string() << " was left behind");
}

void Scene::checkAbsent(const std::string& path) const
{
    CHECK(!fs::exists(fs::symlink_status(repositoryFolder() / "snapshots" / commit / path)));
    CHECK(!fs::is_regular_file(fs::symlink_status(blob(path))));
}

void Scene::checkOutside() const
{
    CHECK(treeOf(folder.path() / "outside") == m_outside);
}

std::vector<HubRequest> Scene::contentRequests() const
{
    std::vector<HubRequest> found;
    for (HubRequest& request : hub.requests())
        if (request.host == HubHost::cdn && request.method == "GET")
            found.push_back(std::move(request));
    return found;
}

std::vector<HubRequest> Scene::requestsOf(const std::string& method, const std::string& part) const
{
    std::vector<HubRequest> found;
    for (HubRequest& request : hub.requests())
        if (request.method == method && request.target.find(part) != std::string::npos)
            found.push_back(std::move(request));
    return found;
}

uint64_t Scene::servedBytes(uint64_t awaited) const
{
    // The hub counts what it has sent, which may have arrived before.
    uint64_t sum = 0;
    for (int wait = 0; wait < 2000; ++wait) {
        sum = 0;
        for (const HubRequest& request : contentRequests())
            sum += request.bytes_sent;
        if (sum >= awaited)
            break;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return sum;
}

HubFault contentFault(HubChange change, unsigned times, unsigned skip)
{
    HubFault fault;
    fault.change = std::move(change);
    fault.times = times;
    fault.skip = skip;
    fault.host = HubHost::cdn;
    return fault;
}

HubFault hubFault(
    const std::string& path, HubChange change, unsigned times, const std::string& method)
{
    HubFault fault;
    fault.path = path;
    fault.change = std::move(change);
    fault.times = times;
    fault.host = HubHost::hub;
    fault.method = method;
    return fault;
}

uint64_t rangeStart(const HubRequest& request)
{
    const std::string range = request.header("range");
    uint64_t first = 0;
    if (range.rfind("bytes=", 0) == 0)
        std::from_chars(range.data() + 6, range.data() + range.size(), first);
    return first;
}

TestRandom::TestRandom(uint64_t seed)
    : m_seed(seed)
    , m_state(seed)
{
    // Another run may choose another: SEED=n.
    if (const char* chosen = std::getenv("SEED"))
        m_seed = m_state = std::strtoull(chosen, nullptr, 10);
    MESSAGE("seed " << m_seed);
}

uint64_t TestRandom::below(uint64_t limit)
{
    m_state += 0x9E3779B97F4A7C15; // splitmix64 (Steele, Lea and Flood 2014)
    uint64_t value = m_state;
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9;
    value = (value ^ value >> 27) * 0x94D049BB133111EB;
    return (value ^ value >> 31) % limit;
}

} // namespace gorgon::tests
