// SPDX-License-Identifier: Apache-2.0
#include "core/model/user_cache.h"
#include "core/model/weights_cache.h"

#include <doctest/doctest.h>

#include <chrono>
#include <cstring>

#include "core/model/content_hash.h"
#include "core/model/model.h"
#include "tests/support/paths.h"
#include "tests/support/scratch_folder.h"

using namespace gorgon;
using namespace gorgon::tests;

namespace {

struct Loaded
{
    std::shared_ptr<const Model> model;
    std::vector<std::string> notes;
};

Loaded load(const std::filesystem::path& folder, const std::filesystem::path& cache,
    DType dtype = DType::q4, const std::filesystem::path& heads = {})
{
    Loaded loaded;
    LoadOptions options;
    options.model = folder;
    options.no_heads = heads.empty();
    if (!heads.empty())
        options.heads = heads;
    options.weights = dtype;
    options.weights_cache = cache;
    options.on_note = [&](const std::string& note) { loaded.notes.push_back(note); };
    loaded.model = loadModel(makeCpuBackend({2}), options);
    return loaded;
}

std::string bytesOfMatrix(const Matrix& matrix)
{
    return {matrix.data.as<const char>(), matrix.usedBytes()};
}

bool sameWeights(const Model& a, const Model& b)
{
    bool same = bytesOfMatrix(a.embedding) == bytesOfMatrix(b.embedding)
        && bytesOfMatrix(a.lm_head) == bytesOfMatrix(b.lm_head)
        && a.layers.size() == b.layers.size() && a.heads.size() == b.heads.size();
    for (size_t i = 0; same && i < a.layers.size(); ++i)
        for (const auto& matrix : {&LayerWeights::qkv, &LayerWeights::output,
                 &LayerWeights::gate_up, &LayerWeights::down})
            same = same && bytesOfMatrix(a.layers[i].*matrix) == bytesOfMatrix(b.layers[i].*matrix);
    for (size_t i = 0; same && i < a.heads.size(); ++i)
        same = bytesOfMatrix(a.heads[i].vocab) == bytesOfMatrix(b.heads[i].vocab)
            && bytesOfMatrix(a.heads[i].blocks[0].weight)
                == bytesOfMatrix(b.heads[i].blocks[0].weight);
    return same;
}

/// A copy of a fixture that the test may change.
std::filesystem::path copyOf(const ScratchFolder& scratch, const char* name)
{
    const std::filesystem::path to = scratch.path() / name;
    std::filesystem::copy(dataFolder() / "models" / name, to);
    for (const auto& entry : std::filesystem::directory_iterator(to))
        std::filesystem::permissions(entry.path(), std::filesystem::perms::owner_all);
    return to;
}

void spoil(const std::filesystem::path& file, uint64_t offset)
{
    std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
    stream.seekg(std::streamoff(offset));
    const char byte = char(stream.get() ^ 1);
    stream.seekp(std::streamoff(offset));
    stream.put(byte);
}

size_t filesIn(const std::filesystem::path& folder)
{
    size_t n = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder))
        ++n;
    return n;
}

} // namespace

TEST_CASE("the content hash is XXH64, however the bytes arrive")
{
    const auto hash = [](std::string_view text) {
        ContentHash result;
        result.add(text);
        return result;
    };
    CHECK(hash("").first() == 0xEF46DB3751D8E999);
    CHECK(hash("a").first() == 0xD24EC4F1A98C6E5B);
    CHECK(hash("abc").first() == 0x44BC2CF5AD770999);
    std::string text;
    for (int i = 0; i < 1000; ++i)
        text += char(i * 7 + i / 100);
    const std::string whole = hash(text).hex();
    CHECK(whole.size() == 32);
    for (const size_t step : {1U, 7U, 31U, 32U, 33U, 500U}) {
        ContentHash pieces;
        for (size_t i = 0; i < text.size(); i += step)
            pieces.add(std::string_view(text).substr(i, step));
        CHECK(pieces.hex() == whole);
    }
    text[999] ^= 1;
    CHECK(hash(text).hex() != whole);
}

TEST_CASE("weights come from the cache as they went in, base and heads")
{
    const ScratchFolder scratch;
    const auto folder = dataFolder() / "models" / "llama_mha";
    const auto heads = dataFolder() / "medusa" / "heads" / "llama_mha_trained";
    for (const DType dtype : {DType::q8, DType::q4}) {
        const Loaded plain = load(folder, {}, dtype, heads);
        CHECK(plain.model->cache.file.empty());
        const Loaded first = load(folder, scratch.path() / "cache", dtype, heads);
        CHECK(!first.model->cache.was_read);
        CHECK(std::filesystem::file_size(first.model->cache.file) == first.model->cache.bytes);
        const Loaded second = load(folder, scratch.path() / "cache", dtype, heads);
        CHECK(second.model->cache.was_read);
        CHECK(second.model->heads_cache.was_read);
        CHECK(second.model->cache.file == first.model->cache.file);
        CHECK(sameWeights(*plain.model, *first.model));
        CHECK(sameWeights(*plain.model, *second.model));
        CHECK(first.notes.empty());
        CHECK(second.notes.empty());
        CHECK(first.model->checkpoint_hash.size() == 32);
        CHECK(first.model->checkpoint_hash == plain.model->checkpoint_hash);
        CHECK(first.model->heads_hash != plain.model->checkpoint_hash);
        CHECK(
            first.model->cache.file.filename().string().starts_with(first.model->checkpoint_hash));
    }
    // Two formats of base and heads, each with its stamps; no parts are left.
    CHECK(filesIn(scratch.path() / "cache") == 8);
    CHECK(load(folder, scratch.path() / "other", DType::bf16).model->cache.file.empty());
    CHECK(!std::filesystem::exists(scratch.path() / "other"));
}

TEST_CASE("a damaged cache is found out wherever it is, told once and made again")
{
    const ScratchFolder scratch;
    const auto folder = dataFolder() / "models" / "llama_mha";
    const Loaded good = load(folder, scratch.path());
    const std::filesystem::path file = good.model->cache.file;
    const uint64_t size = std::filesystem::file_size(file);
    const std::string sound = bytesOf(file);
    int n_damages = 0;
    const auto check = [&] {
        const Loaded rebuilt = load(folder, scratch.path());
        CHECK(rebuilt.notes.size() == 1);
        CHECK(!rebuilt.model->cache.was_read);
        CHECK(sameWeights(*good.model, *rebuilt.model));
        CHECK(bytesOf(file) == sound);
        CHECK(load(folder, scratch.path()).model->cache.was_read);
        n_damages++;
    };
    for (const uint64_t offset : {uint64_t(0), uint64_t(64), size / 3, size / 2, size - 600,
             size - 64, size - 30, size - 20, size - 1})
    {
        CAPTURE(offset);
        spoil(file, offset);
        check();
    }
    for (const uint64_t length : {uint64_t(0), uint64_t(10), size / 2, size - 1}) {
        CAPTURE(length);
        std::filesystem::resize_file(file, length);
        check();
    }
    std::ofstream(file, std::ios::app) << "more";
    check();
    CHECK(n_damages == 14);
}

TEST_CASE("a changed checkpoint never gets the weights of the old one")
{
    const ScratchFolder scratch;
    const auto folder = copyOf(scratch, "llama_mha");
    const auto cache = scratch.path() / "cache";
    const auto file = folder / "model.safetensors";
    const Loaded old = load(folder, cache);

    // Touched, the same content: sources are compared, the cache is kept.
    const auto later = std::filesystem::last_write_time(file) + std::chrono::seconds(5);
    std::filesystem::last_write_time(file, later);
    const Loaded touched = load(folder, cache);
    CHECK(touched.model->cache.was_read);
    CHECK(touched.notes.empty());
    CHECK(sameWeights(*old.model, *touched.model));

    // A byte beyond the samples of the hash: of a weight in the first quarter of a matrix.
    const auto checkpoint = Checkpoint::openFolder(folder);
    const TensorInfo info = *checkpoint.find("model.layers.1.mlp.down_proj.weight").info;
    REQUIRE(info.bytes > 16384);
    spoil(file, info.offset + info.bytes / 8 + 3); // its sign and exponent
    std::filesystem::last_write_time(file, later + std::chrono::seconds(5));
    const Loaded changed = load(folder, cache);
    CHECK(changed.model->checkpoint_hash == old.model->checkpoint_hash);
    CHECK(!changed.model->cache.was_read);
    CHECK(changed.notes.size() == 1);
    CHECK(sameWeights(*load(folder, {}).model, *changed.model));
    CHECK(!sameWeights(*old.model, *changed.model));
    CHECK(load(folder, cache).model->cache.was_read);

    // A byte that is sampled: another hash, another file, also with the old times.
    spoil(file, info.offset + info.bytes / 2);
    std::filesystem::last_write_time(file, later + std::chrono::seconds(5));
    const Loaded other = load(folder, cache);
    CHECK(other.model->checkpoint_hash != old.model->checkpoint_hash);
    CHECK(!other.model->cache.was_read);
    CHECK(other.notes.empty());
}

TEST_CASE("a copy of the model shares its cache")
{
    const ScratchFolder scratch;
    const ScratchFolder elsewhere;
    const Loaded first = load(copyOf(scratch, "llama_mha"), scratch.path() / "cache");
    const Loaded second = load(copyOf(elsewhere, "llama_mha"), scratch.path() / "cache");
    CHECK(second.model->cache.was_read);
    CHECK(sameWeights(*first.model, *second.model));
}

TEST_CASE("without a place for the cache the model loads, and that is said once")
{
    const ScratchFolder scratch;
    const auto folder = dataFolder() / "models" / "llama_mha";
    const auto file = scratch.write("in_the_way", "a file, no folder");
    const Loaded loaded
        = load(folder, file / "cache", DType::q8, dataFolder() / "medusa/heads/llama_mha_trained");
    CHECK(loaded.model->cache.file.empty());
    CHECK(loaded.notes.size() == 1);
    CHECK(loaded.notes[0].find("cannot be written") != std::string::npos);
    CHECK(sameWeights(
        *load(folder, {}, DType::q8, dataFolder() / "medusa/heads/llama_mha_trained").model,
        *loaded.model));
}

TEST_CASE("a load that was stopped leaves nothing behind")
{
    const ScratchFolder scratch;
    LoadOptions options;
    options.model = dataFolder() / "models" / "llama_mha";
    options.weights = DType::q8;
    options.weights_cache = scratch.path() / "cache";
    std::stop_source stop;
    int n_calls = 0;
    CHECK_THROWS_AS(loadModel(
                        makeCpuBackend({1}), options,
                        [&](const LoadProgress&) {
                            if (++n_calls == 20)
                                stop.request_stop();
                        },
                        stop.get_token()),
        LoadCancelled);
    CHECK(filesIn(scratch.path() / "cache") == 0);
}

TEST_CASE("the cache lies where the desktop's conventions say")
{
    const auto with = [](const char* cache, const char* home) {
        const auto set = [](const char* name, const char* value) {
            if (value)
                setenv(name, value, 1);
            else
                unsetenv(name);
        };
        const char* const old_cache = std::getenv("XDG_CACHE_HOME");
        const char* const old_home = std::getenv("HOME");
        const std::string kept_cache = old_cache ? old_cache : "";
        const std::string kept_home = old_home ? old_home : "";
        set("XDG_CACHE_HOME", cache);
        set("HOME", home);
        const std::filesystem::path result = userCacheFolder("weights");
        set("XDG_CACHE_HOME", old_cache ? kept_cache.c_str() : nullptr);
        set("HOME", old_home ? kept_home.c_str() : nullptr);
        return result;
    };
    CHECK(with("/c", "/h") == "/c/gorgon/weights");
    CHECK(with(nullptr, "/h") == "/h/.cache/gorgon/weights");
    CHECK(with("relative", "/h") == "/h/.cache/gorgon/weights");
    CHECK(with(nullptr, nullptr).empty());
}
