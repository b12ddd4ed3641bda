// SPDX-License-Identifier: Apache-2.0
// Steps allocate nothing: every malloc of the program counts, and with it every operator new.
#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>

// The sanitizers have a malloc of their own; other C libraries do not hand out theirs.
#if !defined(__GLIBC__) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)           \
    || defined(__clang__)
TEST_CASE("a step allocates nothing")
{
    MESSAGE("skipped: this build's malloc cannot be counted");
}
#else

#include "core/decode/engine.h"
#include "core/decode/tree_choices.h"

namespace {

std::atomic<int64_t> n_allocations = 0;

} // namespace

extern "C" {

void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);

void* malloc(size_t bytes)
{
    n_allocations++;
    return __libc_malloc(bytes);
}
void* calloc(size_t n, size_t bytes)
{
    n_allocations++;
    return __libc_calloc(n, bytes);
}
void* realloc(void* memory, size_t bytes)
{
    n_allocations++;
    return __libc_realloc(memory, bytes);
}
void* aligned_alloc(size_t alignment, size_t bytes)
{
    n_allocations++;
    return __libc_memalign(alignment, bytes);
}
int posix_memalign(void** memory, size_t alignment, size_t bytes)
{
    n_allocations++;
    *memory = __libc_memalign(alignment, bytes);
    return *memory ? 0 : 12; // ENOMEM
}

} // extern "C"

namespace gorgon {

namespace {

ModelConfig shape()
{
    ModelConfig config;
    config.architecture = "llama";
    config.dim = 64;
    config.ff_dim = 192;
    config.n_layers = 2;
    config.n_heads = 4;
    config.n_kv_heads = 2;
    config.head_dim = 16;
    config.vocab_size = 500;
    config.max_context = 512;
    config.bos_token = 1;
    return config;
}

/// Allocations between the first and the last step of a generation.
int64_t allocationsOfSteps(const GenerateSettings& settings, DType dtype, int n_threads)
{
    Engine engine(makeRandomModel(makeCpuBackend({n_threads}), shape(), dtype, 512, 4, false, 3));
    Session session = engine.makeSession();
    int64_t first = -1, last = -1;
    int n_steps = 0;
    const auto on_step = [&](const DecodeStep&) -> std::optional<int> {
        last = n_allocations;
        if (++n_steps == 2) // by then every shape has been seen
            first = last;
        return std::nullopt;
    };
    engine.generate(session, std::vector<int>{1, 2, 3}, settings, {{}, on_step});
    CHECK(n_steps > 20);
    return last - first;
}

} // namespace

TEST_CASE("a step allocates nothing")
{
    GenerateSettings settings;
    settings.max_tokens = 60;
    settings.ignore_eos = true;
    settings.seed = 5;
    for (const DType dtype : {DType::f32, DType::bf16, DType::q8, DType::q4})
        for (const int n_threads : {1, 2})
            for (const bool drafts : {false, true})
                for (const float temperature : {0.0F, 0.8F}) {
                    CAPTURE(dtypeName(dtype));
                    CAPTURE(n_threads);
                    CAPTURE(drafts);
                    CAPTURE(temperature);
                    settings.tree = drafts ? namedTree("mc_sim_7b_63") : TreeSpec{};
                    settings.temperature = temperature;
                    settings.acceptance
                        = temperature > 0 ? AcceptanceMode::exact : AcceptanceMode::greedy;
                    settings.top_p = temperature > 0 && drafts ? 0.9F : 1.0F;
                    CHECK(allocationsOfSteps(settings, dtype, n_threads) == 0);
                }
}

TEST_CASE("the counter counts")
{
    const int64_t before = n_allocations;
    const auto memory = std::make_unique<std::vector<int>>(100);
    CHECK(n_allocations == before + 2);
    void* volatile raw = std::malloc(100);
    CHECK(n_allocations == before + 3);
    std::free(raw);
}

} // namespace gorgon

#endif
