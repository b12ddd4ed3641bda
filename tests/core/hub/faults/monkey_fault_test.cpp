// SPDX-License-Identifier: Apache-2.0
// Pause, resume, cancel and quit in any order (D12).
#include "core/hub/download_queue.h"
#include "tests/core/hub/faults/scene.h"

#include <thread>

namespace gorgon::tests {
namespace {

namespace fs = std::filesystem;

constexpr int kModels = 4;

std::string modelId(uint64_t number)
{
    return "org/model-" + std::to_string(number);
}

size_t openFiles()
{
    const fs::directory_iterator all("/proc/self/fd");
    return size_t(std::distance(fs::begin(all), fs::end(all)));
}

std::unique_ptr<DownloadQueue> newQueue(const Scene& scene)
{
    auto context = std::make_shared<HttpContext>();
    context->settings = scene.settings;
    DownloadQueue::Options options;
    options.context = context;
    options.clock = scene.clock;
    return std::make_unique<DownloadQueue>(std::move(options));
}

DownloadRequest requestFor(uint64_t number)
{
    DownloadRequest request;
    request.repository = modelId(number);
    return request;
}

bool isOver(DownloadState state)
{
    return state == DownloadState::done || state == DownloadState::failed
        || state == DownloadState::cancelled;
}

void checkSound(const DownloadProgress& progress)
{
    CHECK(progress.done_bytes <= progress.total_bytes);
    CHECK(progress.bytes_per_second >= 0);
    uint64_t done = 0;
    for (const FileProgress& file : progress.files) {
        CHECK(file.done_bytes <= file.bytes);
        done += file.done_bytes;
    }
    CHECK(done == progress.done_bytes);
    CHECK((progress.state != DownloadState::failed || progress.error.has_value()));
    CHECK((progress.state != DownloadState::done || progress.done_bytes == progress.total_bytes));
}

TEST_CASE("D12: a monkey pauses, resumes, cancels and quits 2000 times, and every file is right in "
          "the end")
{
    Scene scene;
    scene.settings.stall_ms = 60;
    scene.settings.reply_ms = 200;
    scene.settings.n_parallel_files = 3;
    std::vector<HubFiles> models(kModels);
    for (uint64_t i = 0; i < kModels; ++i) {
        models[i]
            = {{"config.json",
                   smallFile(R"({"model_type": "llama", "number": )" + std::to_string(i) + "}")},
                {"model.safetensors", largeFile(countedBytes(60000 + i * 17777, i))},
                {"medusa_lm_head.safetensors", largeFile(countedBytes(150000, 10 + i))},
                {"tokenizer.json", smallFile("{}")}};
        scene.hub.commit(modelId(i), models[i]);
    }
    TestRandom random(1201);
    const size_t open_before = openFiles();
    const auto wreck = [&](const std::string& path, std::optional<HubHost> host) {
        HubFault fault;
        fault.path = path;
        fault.host = host;
        fault.times = 1 + unsigned(random.below(3));
        switch (random.below(7)) {
        case 0:
            fault.change = cutAfter(random.below(100000));
            break;
        case 1:
            fault.change = resetAfter(random.below(100000));
            break;
        case 2:
            fault.change = stallAfter(random.below(100000));
            break;
        case 3:
            fault.change = statusOf(503);
            break;
        case 4:
            fault.change = slowedTo(1000000 + random.below(5000000));
            break;
        case 5:
            fault.change = rangeIgnored();
            break;
        default:
            fault.change = unanswered(HubReply::End::close);
            break;
        }
        scene.hub.script(fault);
    };

    auto queue = newQueue(scene);
    std::vector<int64_t> ids;
    std::chrono::milliseconds longest_quit{0};
    for (int step = 0; step < 2000; ++step) {
        CAPTURE(step);
        const uint64_t what = random.below(100);
        const int64_t id = ids.empty() ? 0 : ids[size_t(random.below(ids.size()))];
        if (step % 50 == 0) {
            scene.hub.clearFaults();
            wreck("", HubHost::cdn);
            wreck("", HubHost::cdn);
            wreck("/api/", HubHost::hub);
        }
        if (what < 25) {
            ids.push_back(queue->add(requestFor(random.below(kModels))));
        } else if (what < 45) {
            queue->pause(id);
        } else if (what < 70) {
            queue->resume(id);
        } else if (what < 76) {
            queue->cancel(id);
        } else if (what < 80) {
            const auto progress = queue->progress(id);
            if (progress && isOver(progress->state))
                queue->forget(id);
        } else if (what < 83) {
            const auto start = std::chrono::steady_clock::now();
            queue.reset();
            longest_quit = std::max(longest_quit,
                std::chrono::duration_cast<std::chrono::milliseconds>(
                    std::chrono::steady_clock::now() - start));
            queue = newQueue(scene);
            ids.clear();
            for (const DownloadRequest& request : queue->unfinished())
                if (random.below(2) == 0)
                    ids.push_back(queue->add(request));
        } else if (what < 95) {
            std::this_thread::sleep_for(std::chrono::microseconds(random.below(2000)));
        } else {
            for (const DownloadProgress& progress : queue->list())
                checkSound(progress);
        }
    }
    CHECK(longest_quit < std::chrono::milliseconds(1000));

    scene.hub.clearFaults();
    for (uint64_t i = 0; i < kModels; ++i) {
        const int64_t id = queue->add(requestFor(i));
        queue->resume(id);
        DownloadProgress progress = queue->wait(id);
        for (int n = 0; n < 5 && progress.state != DownloadState::done; ++n) {
            queue->resume(id);
            progress = queue->wait(id);
        }
        CAPTURE(progress.message);
        REQUIRE(progress.state == DownloadState::done);
        checkSound(progress);
        for (const auto& [path, file] : models[i])
            CHECK(bytesOf(progress.folder / path) == textOf(file.bytes));
    }
    CHECK(queue->unfinished().empty());
    queue.reset();
    for (uint64_t i = 0; i < kModels; ++i)
        for (const fs::directory_entry& entry : fs::directory_iterator(
                 scene.settings.cache / ("models--org--model-" + std::to_string(i)) / "blobs"))
            CHECK_MESSAGE(entry.path().filename().string().find('.') == std::string::npos,
                entry.path().string() << " was left behind");
    scene.checkOutside();
    // The hub's own connections close a moment later.
    for (int n = 0; n < 200 && openFiles() > open_before; ++n)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    CHECK(openFiles() <= open_before + 2);
}

TEST_CASE("D12: paused and resumed 40 times, no verified byte is fetched twice")
{
    Scene scene({}, 800000);
    auto queue = newQueue(scene);
    DownloadRequest request;
    request.repository = kModelId;
    request.paths = {kLargePath};
    TestRandom random(1202);
    int64_t id = 0;
    for (int i = 0; i < 40; ++i) {
        CAPTURE(i);
        const uint64_t before = scene.partialBytes();
        scene.hub.clearFaults();
        scene.hub.forgetRequests();
        scene.hub.script(contentFault(stallAfter(random.below(30000))));
        if (i == 0)
            id = queue->add(request);
        else
            queue->resume(id);
        for (int n = 0; n < 2000 && scene.contentRequests().empty(); ++n)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        std::this_thread::sleep_for(std::chrono::milliseconds(random.below(10)));
        queue->pause(id);
        CHECK(queue->wait(id).state == DownloadState::paused);
        for (int n = 0; n < 1000 && queue->progress(id)->state != DownloadState::paused; ++n)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        REQUIRE(!scene.contentRequests().empty());
        CHECK(rangeStart(scene.contentRequests().front()) == before);
        CHECK(scene.partialBytes() >= before);
    }
    scene.hub.clearFaults();
    queue->resume(id);
    CHECK(queue->wait(id).state == DownloadState::done);
    scene.checkWhole();
}

TEST_CASE("D12: what a run left is found by the next, and goes on")
{
    Scene scene({}, 4000000);
    scene.settings.stall_ms = 20000;
    scene.hub.script(contentFault(stallAfter(3200000)));
    DownloadRequest request;
    request.repository = kModelId;
    {
        auto queue = newQueue(scene);
        queue->add(request);
        for (int n = 0; n < 3000 && scene.partialBytes() < 3000000; ++n)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    const uint64_t kept = scene.partialBytes();
    CHECK(kept > 0);
    scene.hub.clearFaults();
    scene.hub.forgetRequests();
    auto queue = newQueue(scene);
    const auto left = queue->unfinished();
    REQUIRE(left.size() == 1);
    CHECK(left[0].repository == kModelId);
    CHECK(queue->wait(queue->add(left[0])).state == DownloadState::done);
    scene.checkWhole();
    CHECK(rangeStart(scene.contentRequests().front()) == kept);
}

TEST_CASE("D12: a cancelled download leaves nothing unfinished, and whole files stay")
{
    Scene scene({}, 4000000);
    scene.settings.stall_ms = 20000;
    scene.fetch(kSmallPath);
    scene.hub.script(contentFault(stallAfter(3200000)));
    auto queue = newQueue(scene);
    DownloadRequest request;
    request.repository = kModelId;
    const int64_t id = queue->add(request);
    CHECK(queue->add(request) == id); // the same again
    for (int n = 0; n < 3000 && scene.partialBytes() < 3000000; ++n)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    queue->cancel(id);
    CHECK(queue->wait(id).state == DownloadState::cancelled);
    for (int n = 0; n < 1000 && !scene.partials().empty(); ++n)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    CHECK(scene.partials().empty());
    CHECK(bytesOf(scene.blob(kSmallPath)) == scene.expected(kSmallPath));
    scene.checkAbsent();
}

} // namespace
} // namespace gorgon::tests
