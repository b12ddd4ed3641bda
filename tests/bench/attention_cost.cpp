// SPDX-License-Identifier: Apache-2.0
// What attention over a long conversation costs in each format of the cache, all layers of a model,
// formats in alternation. Not a test: it prints.
//   attention_cost [threads] [positions] [layers] [heads] [kv heads] [head dim]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "kernels/backend.h"

using namespace gorgon;

namespace {

using Clock = std::chrono::steady_clock;

struct Shape
{
    int layers, heads, kv_heads, head_dim;
    int cols() const { return (heads + 2 * kv_heads) * head_dim; }
};

/// A conversation of `positions` in one format.
struct Conversation
{
    Shape shape;
    Backend& backend;
    KvCache cache;
    StepState state;
    std::vector<float> qkv, out;

    Conversation(const Shape& model, Backend& with, DType dtype, int positions)
        : shape(model)
        , backend(with)
        , cache(with.makeKvCache(
              dtype, shape.layers, shape.kv_heads, shape.head_dim, positions + kMaxNodes))
        , qkv(size_t(kMaxNodes * shape.cols()))
        , out(size_t(kMaxNodes * shape.heads * shape.head_dim))
    {
        for (size_t i = 0; i < qkv.size(); i++)
            qkv[i] = float(int(i * 7919 % 2003) - 1001) * 1e-3F;
        for (int done = 0; done < positions; done += kMaxNodes) {
            const int m = std::min(kMaxNodes, positions - done);
            for (int layer = 0; layer < shape.layers; layer++)
                store(m, layer);
            backend.advance(&state, m);
        }
    }

    Tensor rows(int m) { return {qkv.data(), m, shape.cols()}; }
    void store(int m, int layer)
    {
        backend.ropeAndStore(rows(m), shape.heads, {}, {}, cache, layer, nullptr, &state);
    }
    /// Milliseconds of m rows in all layers.
    double attend(int m)
    {
        const auto start = Clock::now();
        for (int layer = 0; layer < shape.layers; layer++) {
            store(m, layer);
            backend.attention(rows(m), shape.heads, 0, cache, layer, nullptr, &state,
                {out.data(), m, int64_t(shape.heads) * shape.head_dim});
        }
        return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
    }
};

double median(std::vector<double>& times)
{
    std::sort(times.begin(), times.end());
    return times[times.size() / 2];
}

int argument(int argc, char** argv, int place, int standard)
{
    return argc > place ? std::clamp(std::atoi(argv[place]), 1, 1 << 20) : standard;
}

} // namespace

int main(int argc, char** argv)
{
    const auto backend = makeCpuBackend({.n_threads = argument(argc, argv, 1, usableThreads())});
    const int positions = argument(argc, argv, 2, 1900);
    const Shape shape{argument(argc, argv, 3, 22), argument(argc, argv, 4, 32),
        argument(argc, argv, 5, 4), argument(argc, argv, 6, 64)};
    constexpr DType kFormats[] = {DType::f32, DType::f16, DType::bf16, DType::q8};
    constexpr int kRows[] = {1, 2, 4, 8, 16, 64};
    constexpr int kRounds = 7;
    std::printf(
        "%s, %d positions\nms of all layers for rows", backend->description().c_str(), positions);
    for (const int m : kRows)
        std::printf("%8d", m);
    std::vector<std::unique_ptr<Conversation>> conversations;
    for (const DType format : kFormats)
        conversations.push_back(std::make_unique<Conversation>(shape, *backend, format, positions));
    std::vector<std::vector<double>> times(std::size(kFormats) * std::size(kRows));
    for (int round = 0; round < kRounds; round++)
        for (size_t r = 0; r < std::size(kRows); r++)
            for (size_t f = 0; f < std::size(kFormats); f++)
                times[f * std::size(kRows) + r].push_back(conversations[f]->attend(kRows[r]));
    for (size_t f = 0; f < std::size(kFormats); f++) {
        std::printf("\n%-4s %12.1f MB        ", dtypeName(kFormats[f]),
            double(conversations[f]->cache.data.bytes()) / 1e6);
        for (size_t r = 0; r < std::size(kRows); r++)
            std::printf("%8.3f", median(times[f * std::size(kRows) + r]));
    }
    std::printf("\n");
    return 0;
}
