// SPDX-License-Identifier: Apache-2.0
// Hundreds of damaged model folders: none may crash, hang, take memory or go unnamed. Another seed:
// GORGON_DAMAGE_SEED=7 model_tests -tc="*damaged*".
#include <doctest/doctest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <memory>
#include <random>

#include <sys/stat.h>

#include "core/model/model.h"
#include "tests/core/model/damaged_files.h"
#include "tests/core/model/fake_backend.h"
#include "tests/support/process_memory.h"
#include "tests/support/scratch_folder.h"
#include "tests/support/tiny_model.h"
#include "tests/support/torch_writer.h"

using namespace gorgon;
using namespace gorgon::tests;

namespace {

constexpr uint64_t kMostGrowth = uint64_t(64) << 20;
constexpr double kMostSeconds = 2;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kCountsMemory = false; // the sanitizer keeps freed memory for a while
#else
constexpr bool kCountsMemory = true;
#endif

uint32_t damageSeed()
{
    const char* const given = std::getenv("GORGON_DAMAGE_SEED");
    return given ? uint32_t(std::strtoul(given, nullptr, 10)) : 20241121;
}

struct Outcome
{
    bool loaded = false;
    std::string message;
    double seconds = 0;
};

Outcome load(const std::filesystem::path& folder, const LoadCallback& on_progress = {})
{
    Outcome outcome;
    const auto start = std::chrono::steady_clock::now();
    LoadOptions options;
    options.model = folder;
    options.context = 64;
    try {
        loadModel(std::make_shared<FakeBackend>(), options, on_progress);
        outcome.loaded = true;
    } catch (const std::runtime_error& error) {
        outcome.message = error.what();
    }
    outcome.seconds
        = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return outcome;
}

/// Fit to print, and about this folder.
void checkMessage(const std::string& message, const std::filesystem::path& folder)
{
    CHECK(message.find(folder.filename().string()) != std::string::npos);
    for (const char c : message)
        if (uint8_t(c) < 0x20 || c == 0x7F)
            FAIL_CHECK("a control character in the message");
    CHECK(message.size() < 2000);
}

void checkAll(const std::vector<Damage>& all)
{
    const MemoryPeak peak;
    double longest = 0;
    size_t n_loaded = 0;
    for (const Damage& damage : all) {
        CAPTURE(damage.what);
        const ScratchFolder folder;
        for (const auto& [name, bytes] : damage.files)
            folder.write(name, bytes);
        const Outcome outcome = load(folder.path());
        INFO(outcome.message);
        longest = std::max(longest, outcome.seconds);
        n_loaded += outcome.loaded;
        if (damage.must_fail)
            CHECK(!outcome.loaded);
        if (outcome.loaded)
            continue;
        checkMessage(outcome.message, folder.path());
        if (!damage.names.empty())
            CHECK(std::any_of(damage.names.begin(), damage.names.end(),
                [&](const auto& name) { return outcome.message.find(name) != std::string::npos; }));
    }
    CHECK(longest < kMostSeconds);
    if (kCountsMemory)
        CHECK(peak.growth() <= kMostGrowth);
    MESSAGE(all.size() << " variants, " << n_loaded << " loaded, the slowest took "
                       << longest * 1000 << " ms, memory grew by " << (peak.growth() >> 20)
                       << " MiB");
}

} // namespace

TEST_CASE("the measure of memory sees what is taken and given back")
{
    const MemoryPeak peak;
    std::vector<char>(size_t(128) << 20, 'x').swap(*std::make_unique<std::vector<char>>());
    if (kCountsMemory)
        CHECK(peak.growth() > uint64_t(100) << 20);
}

TEST_CASE("damaged safetensors are refused, and the tensor is named")
{
    const auto all = damagedSafetensors(damageSeed());
    CHECK(all.size() >= 400);
    checkAll(all);
}

TEST_CASE("damaged indexes are refused, and the tensor is named")
{
    const auto all = damagedIndexes(damageSeed());
    CHECK(all.size() >= 150);
    checkAll(all);
}

TEST_CASE("damaged torch archives are refused")
{
    const auto all = damagedArchives(damageSeed());
    CHECK(all.size() >= 350);
    checkAll(all);
    CHECK(!std::filesystem::exists("/tmp/pwned_torch"));
}

TEST_CASE("damaged configurations are refused, and the field is named")
{
    const auto all = damagedConfigs(damageSeed());
    CHECK(all.size() >= 180);
    checkAll(all);
}

TEST_CASE("random damage to sound files never harms")
{
    checkAll(randomDamage(damageSeed(), 400));
}

TEST_CASE("a file that is cut while it is read ends in a sentence")
{
    std::mt19937 random(damageSeed());
    int n_refused = 0;
    for (int i = 0; i < 60; ++i) {
        const ScratchFolder folder;
        folder.write("config.json", kTinyConfig);
        const bool archive = i % 2 == 1;
        const auto file = folder.write(archive ? "pytorch_model.bin" : "model.safetensors",
            archive ? torchOf(tinyTensors()) : safetensorsOf(tinyTensors()));
        const auto size = std::filesystem::file_size(file);
        const int at = int(random() % 8);
        const auto left = random() % size;
        int n_calls = 0;
        const Outcome outcome = load(folder.path(), [&](const LoadProgress&) {
            if (n_calls++ == at)
                std::filesystem::resize_file(file, left);
        });
        // What was read before the cut may have been all there is behind it.
        if (outcome.loaded)
            continue;
        ++n_refused;
        checkMessage(outcome.message, folder.path());
        CHECK(outcome.message.find("shorter") != std::string::npos);
    }
    CHECK(n_refused > 20);
}

TEST_CASE("weights that are no numbers, infinite or zero load")
{
    for (const WrittenTensor& poisoned : tinyTensors())
        for (const float value :
            {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 0.0F})
        {
            std::vector<WrittenTensor> tensors = tinyTensors();
            for (WrittenTensor& tensor : tensors)
                for (size_t i = 0; tensor.name == poisoned.name && i < tensor.bytes.size(); i += 4)
                    std::memcpy(&tensor.bytes[i], &value, sizeof value);
            const ScratchFolder folder;
            folder.write("config.json", kTinyConfig);
            folder.write("model.safetensors", safetensorsOf(tensors));
            CAPTURE(poisoned.name);
            CHECK(load(folder.path()).loaded);
        }
}

TEST_CASE("folders, pipes, devices and links in place of files are refused at once")
{
    namespace fs = std::filesystem;
    using Make = void (*)(const fs::path&);
    const Make odd[] = {[](const fs::path& file) { fs::create_directory(file); },
        [](const fs::path& file) { mkfifo(file.c_str(), 0600); },
        [](const fs::path& file) { fs::create_symlink("/dev/zero", file); },
        [](const fs::path& file) { fs::create_symlink(file, file); },
        [](const fs::path& file) { fs::create_symlink("/nowhere/at/all", file); },
        [](const fs::path& file) { fs::create_symlink("/proc/self/mem", file); }};
    for (const char* name :
        {"config.json", "model.safetensors", "pytorch_model.bin", "generation_config.json",
            "model.safetensors.index.json", "medusa_lm_head.safetensors", "medusa_lm_head.pt"})
        for (const Make make : odd) {
            CAPTURE(name);
            const ScratchFolder folder;
            folder.write("config.json", kTinyConfig);
            const std::string weights = safetensorsOf(tinyTensors());
            const bool beside = std::string(name).find("medusa") == 0
                || std::string(name) == "generation_config.json";
            if (beside || std::string(name) == "config.json")
                folder.write("model.safetensors", weights);
            fs::remove(folder.path() / name);
            make(folder.path() / name);
            const Outcome outcome = load(folder.path());
            INFO(outcome.message);
            // A link to nothing is a file that is not there, which some files may be.
            CHECK((!outcome.loaded || beside));
            CHECK(outcome.seconds < kMostSeconds);
            if (!outcome.loaded)
                checkMessage(outcome.message, folder.path());
        }
    // Names of any kind are fit to print in a message.
    for (const std::string& name :
        {std::string("a\nb\x1b[31m"), std::string("g\xC3\xB6rgon \xF0\x9F\x90\x8D"),
            std::string("\xFF\xFE"), std::string(200, 'x')})
    {
        const ScratchFolder folder;
        folder.write(name + "/config.json", "{}");
        const Outcome outcome = load(folder.path() / name);
        CHECK(!outcome.loaded);
        checkMessage(outcome.message, folder.path());
    }
}
