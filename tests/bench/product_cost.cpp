// SPDX-License-Identifier: Apache-2.0
// What the products of a model cost for 1 ... 64 rows, each matrix once, row counts in alternation:
// milliseconds, ratio to one row, bytes of weights and multiply-adds a second. Not a test: it
// prints.
//   product_cost [format] [threads] [layers] [dim] [ff] [kv columns]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "kernels/backend.h"
#include "kernels/machine_speed.h"

using namespace gorgon;

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kRows[] = {1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 256};
constexpr int kRounds = 7;

Matrix randomMatrix(Backend& backend, DType dtype, int64_t n_out, int64_t n_in)
{
    Matrix matrix = backend.makeMatrix(dtype, n_out, n_in);
    constexpr int64_t kAtOnce = 256;
    std::vector<float> rows(size_t(kAtOnce * n_in));
    uint32_t state = 1;
    for (float& x : rows) {
        state = state * 1664525 + 1013904223;
        x = float(int32_t(state)) * 0x1p-36F;
    }
    for (int64_t first = 0; first < n_out; first += kAtOnce)
        backend.setRows(matrix, first, std::min(kAtOnce, n_out - first), rows.data(), DType::f32);
    return matrix;
}

int argument(int argc, char** argv, int place, int standard)
{
    return argc > place ? std::clamp(std::atoi(argv[place]), 1, 1 << 20) : standard;
}

DType formatOf(const std::string& name)
{
    for (const DType dtype : {DType::f32, DType::f16, DType::bf16, DType::q8, DType::q4})
        if (name == dtypeName(dtype))
            return dtype;
    std::fprintf(stderr, "error: %s: expected f32, f16, bf16, q8 or q4\n", name.c_str());
    std::exit(2);
}

} // namespace

int main(int argc, char** argv)
{
    const DType dtype = formatOf(argc > 1 ? argv[1] : "q8");
    const int n_threads = argument(argc, argv, 2, usableThreads());
    const auto backend = makeCpuBackend({.n_threads = n_threads});
    const int layers = argument(argc, argv, 3, 16), dim = argument(argc, argv, 4, 2048),
              ff = argument(argc, argv, 5, 5632), kv = argument(argc, argv, 6, 256);
    const std::pair<int, int> shapes[]
        = {{dim + 2 * kv, dim}, {dim, dim}, {2 * ff, dim}, {dim, ff}};
    std::vector<Matrix> matrices;
    double weights = 0, bytes = 0;
    for (int layer = 0; layer < layers; layer++)
        for (const auto& [n_out, n_in] : shapes) {
            matrices.push_back(randomMatrix(*backend, dtype, n_out, n_in));
            weights += double(n_out) * n_in;
            bytes += double(matrices.back().data.bytes());
        }
    const int widest = 2 * std::max(dim + 2 * kv, 2 * ff);
    std::vector<float> x(size_t(kMaxNodes) * widest), y(x.size());
    for (size_t i = 0; i < x.size(); i++)
        x[i] = float(int(i * 7919 % 2003) - 1001) * 1e-3F;

    const auto multiplyAll = [&](int rows) {
        for (const Matrix& w : matrices)
            backend->matmul(w, Tensor{x.data(), rows, w.n_in}, nullptr, Epilogue::store,
                {y.data(), rows, w.n_out});
    };
    const double gmacs = measureMultiplyAdd(n_threads).of(dtype, dim);
    double read_gbs = 0;
    std::vector<std::vector<double>> times(std::size(kRows));
    for (int round = 0; round < kRounds; round++) {
        read_gbs = std::max(read_gbs, measureReadBandwidth(n_threads));
        multiplyAll(1); // the caches are full of what was just read
        for (size_t r = 0; r < std::size(kRows); r++) {
            const auto start = Clock::now();
            multiplyAll(kRows[r]);
            times[r].push_back(
                std::chrono::duration<double, std::milli>(Clock::now() - start).count());
        }
    }
    std::printf("%s, %s, %.0f MB, memory %.1f GB/s, peak %.0f 1e9 multiply-adds/s\n"
                "rows        ms   ratio    GB/s  1e9 multiply-adds/s  roofline\n",
        backend->description().c_str(), dtypeName(dtype), bytes / 1e6, read_gbs, gmacs);
    double alone = 0;
    for (size_t r = 0; r < std::size(kRows); r++) {
        std::sort(times[r].begin(), times[r].end());
        const double ms = times[r][kRounds / 2];
        alone = r == 0 ? ms : alone;
        const double least = std::max(bytes / read_gbs, weights * kRows[r] / gmacs) / 1e6;
        std::printf("%4d %9.2f %7.2f %7.1f %20.0f %8.0f %%\n", kRows[r], ms, ms / alone,
            bytes / ms / 1e6, weights * kRows[r] / ms / 1e6, 100 * least / ms);
    }
    return 0;
}
