// SPDX-License-Identifier: Apache-2.0
// What a device must answer before its figures mean anything: whether a product of tensor cores
// depends on its neighbours, how fast memory is read, what a launch costs. Prints Markdown; ends
// with 1 where an answer breaks a promise.
//   gpu_questions [--device 0]
#include <algorithm>
#include <chrono>
#include <cstring>
#include <random>
#include <stdexcept>

#include "tests/gpu/device_option.h"
#include "tests/gpu/question_kernels.h"
#include "tests/gpu/report.h"
#include "tests/kernels/cuda/device_array.h"

namespace gorgon::gpu {

namespace {

using namespace cuda;
using cuda::tests::DeviceArray;
using Clock = std::chrono::steady_clock;

#ifdef GORGON_CUDA_EMULATED
constexpr size_t kReadBytes = 1 << 16;
constexpr int kRounds = 1, kTiles = 8, kLaunches = 8;
#else
constexpr size_t kReadBytes = size_t(4) << 30;
constexpr int kRounds = 5, kTiles = 2000, kLaunches = 200;
#endif

void wait(Stream& stream)
{
    stream.synchronize();
    if (!stream.error().empty())
        throw std::runtime_error(stream.error());
}

/// Least seconds of `rounds` times that what is enqueued takes.
template <class Enqueue> double secondsOf(Stream& stream, int rounds, const Enqueue& enqueue)
{
    enqueue();
    wait(stream);
    double least = 1e30;
    for (int i = 0; i < rounds; i++) {
        const auto start = Clock::now();
        enqueue();
        wait(stream);
        least = std::min(least, std::chrono::duration<double>(Clock::now() - start).count());
    }
    return least;
}

double measureRead(Stream& stream, const DeviceFacts& facts)
{
    const size_t bytes = std::min<size_t>(kReadBytes, facts.free_bytes / 4 / 16 * 16);
    const DeviceArray<unsigned char> data(bytes), out(16);
    fillZero(stream, data.data(), bytes);
    const double seconds = secondsOf(stream, kRounds,
        [&] { enqueueRead(stream, data.data(), bytes, 4 * facts.n_multiprocessors, out.data()); });
    return double(bytes) / seconds * 1e-9;
}

/// The bits of a column's results whatever its place and its neighbours are.
class TileQuestion
{
public:
    explicit TileQuestion(bool is_bf16)
        : m_is_bf16(is_bf16)
    {
    }

    /// Tiles of which some element had other bits in another place.
    int differences(Stream& stream, int n_tiles)
    {
        std::vector<uint16_t> all_a, all_b;
        std::vector<float> all_c;
        for (int i = 0; i < n_tiles; i++) {
            const std::vector<uint16_t> a = values(16 * 16, i % 3 == 1),
                                        column = values(16, i % 3 == 1);
            const std::vector<float> start = starts();
            all_a.insert(all_a.end(), a.begin(), a.end());
            for (size_t place = 0; place < kPlaces; place++) {
                std::vector<uint16_t> b = neighbours(place);
                for (size_t k = 0; k < 16; k++)
                    b[k * 8 + place] = column[k];
                std::vector<float> c(16 * 8, place % 2 == 0 ? 0.0F : 1e30F);
                for (size_t row = 0; row < 16; row++)
                    c[row * 8 + place] = start[row];
                all_b.insert(all_b.end(), b.begin(), b.end());
                all_c.insert(all_c.end(), c.begin(), c.end());
            }
        }
        const std::vector<float> sums = multiply(stream, all_a, all_b, all_c, kPlaces);
        int n_different = 0;
        for (size_t tile = 0; tile < size_t(n_tiles); tile++) {
            bool is_different = false;
            const auto at = [&](size_t place, size_t row) {
                return &sums[(tile * kPlaces + place) * 16 * 8 + row * 8 + place];
            };
            for (size_t place = 1; place < kPlaces; place++)
                for (size_t row = 0; row < 16; row++)
                    is_different |= std::memcmp(at(0, row), at(place, row), sizeof(float)) != 0;
            n_different += is_different ? 1 : 0;
        }
        return n_different;
    }

    /// Whether an element that is multiplied by zero alone keeps its start.
    bool keepsStartUnderZeros(Stream& stream)
    {
        const std::vector<uint16_t> a = values(16 * 16, false), zeros(16 * 8, 0);
        const std::vector<float> c = startsOfTile();
        return multiply(stream, a, zeros, c, 1) == c;
    }

private:
    std::vector<uint16_t> values(size_t n, bool with_small)
    {
        std::vector<uint16_t> bits(n);
        for (uint16_t& one : bits) {
            one = uint16_t(m_random());
            const uint16_t exponent = m_is_bf16 ? 0x7F80 : 0x7C00;
            const uint16_t middle = m_is_bf16 ? 0x3F80 : 0x3C00;
            if (with_small && m_random() % 4 == 0)
                one = uint16_t(one & ~exponent); // subnormal
            else
                one = uint16_t(
                    (one & ~exponent) | (middle - (one & 7) * (m_is_bf16 ? 0x80 : 0x400)));
        }
        return bits;
    }
    /// Of other columns: small, large, infinite or NaN.
    std::vector<uint16_t> neighbours(size_t place)
    {
        std::vector<uint16_t> bits(16 * 8);
        for (uint16_t& one : bits)
            one = place == 0     ? 0
                : place % 2 == 0 ? uint16_t(m_random())
                                 : uint16_t(m_random() & 0xBFFF);
        return bits;
    }
    std::vector<float> starts()
    {
        std::vector<float> all(16);
        for (float& one : all)
            one = (float(m_random() % 2001) - 1000) * 0.01F;
        return all;
    }
    std::vector<float> startsOfTile()
    {
        std::vector<float> all;
        for (int i = 0; i < 8; i++)
            for (const float one : starts())
                all.push_back(one);
        return all;
    }
    /// Each tile of a with as many of b and c.
    std::vector<float> multiply(Stream& stream, const std::vector<uint16_t>& a,
        const std::vector<uint16_t>& b, const std::vector<float>& c, size_t n_each)
    {
        const DeviceArray<uint16_t> on_a(a), on_b(b);
        const DeviceArray<float> on_c(c), d(c.size());
        enqueueTiles(stream, m_is_bf16, int(c.size() / (16 * 8)), int(n_each), on_a.data(),
            on_b.data(), on_c.data(), d.data());
        wait(stream);
        return d.values();
    }

    static constexpr size_t kPlaces = 8;
    bool m_is_bf16;
    std::mt19937 m_random{11};
};

void askTiles(Stream& stream, Findings& findings)
{
    say("\n## Products of tensor cores\n");
    say("| | f16 | bf16 |\n| --- | --- | --- |");
    TileQuestion f16(false), bf16(true);
    const int of_f16 = f16.differences(stream, kTiles), of_bf16 = bf16.differences(stream, kTiles);
    say("| a column's bits in every place, beside any neighbours, %d tiles | %s | %s |", kTiles,
        findings.verdict(of_f16 == 0), findings.verdict(of_bf16 == 0));
    say("| zeros change nothing (not relied upon) | %s | %s |",
        f16.keepsStartUnderZeros(stream) ? "yes" : "no",
        bf16.keepsStartUnderZeros(stream) ? "yes" : "no");
}

void askLaunches(Stream& stream)
{
    std::string problem;
    stream.beginCapture(problem);
    for (int i = 0; i < kLaunches; i++)
        enqueueNothing(stream);
    const Graph graph = stream.endCapture(problem);
    if (!problem.empty())
        throw std::runtime_error(problem);
    const double in_graph = secondsOf(stream, kRounds, [&] { stream.replay(graph); });
    const double alone = secondsOf(stream, kRounds, [&] {
        for (int i = 0; i < kLaunches; i++)
            enqueueNothing(stream);
    });
    say("\n## Launches\n\n%.2f us each of %d empty kernels in a graph, %.2f us launched one by "
        "one.",
        in_graph / kLaunches * 1e6, kLaunches, alone / kLaunches * 1e6);
}

int ask(int device)
{
    const DeviceFacts facts = takeDevice(device);
    Stream stream;
    Findings findings;
    const double read_gbs = measureRead(stream, facts);
    say("## Device\n");
    say("%s, compute capability %d.%d, %d multiprocessors, %.1f of %.1f GB free, second-level "
        "cache %.0f MB\n",
        facts.name.c_str(), facts.capability / 10, facts.capability % 10, facts.n_multiprocessors,
        double(facts.free_bytes) * 1e-9, double(facts.total_bytes) * 1e-9,
        double(facts.cache_bytes) * 1e-6);
    say("plain read: %.0f GB/s", read_gbs);
    askTiles(stream, findings);
    askLaunches(stream);
    return findings.failures > 0 ? 1 : 0;
}

} // namespace

} // namespace gorgon::gpu

int main(int argc, char** argv)
{
    try {
        return gorgon::gpu::ask(gorgon::gpu::deviceOption(argc, argv));
    } catch (const std::exception& error) {
        std::fprintf(stderr, "gpu_questions: %s\n", error.what());
        return 2;
    }
}
