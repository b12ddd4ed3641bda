// SPDX-License-Identifier: Apache-2.0
// How near products of packed weights come to the machine's limits. Not a test: it prints.
//   matmul_bench [threads] [bf16|f16|f32|q8|q4] [n_out] [n_in] [megabytes]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "kernels/backend.h"
#include "kernels/machine_speed.h"

using namespace gorgon;

int main(int argc, char** argv)
{
    const int n_threads = argc > 1 ? std::max(1, std::atoi(argv[1])) : usableThreads();
    const char* const type = argc > 2 ? argv[2] : "bf16";
    DType dtype = DType::bf16;
    for (const DType known : {DType::f32, DType::f16, DType::q8, DType::q4})
        if (std::strcmp(type, dtypeName(known)) == 0)
            dtype = known;
    const int64_t n_out = argc > 3 ? std::max(16, std::atoi(argv[3])) : 5632;
    const int64_t n_in = argc > 4 ? std::max(16, std::atoi(argv[4])) : 2048;
    const double megabytes = argc > 5 ? std::atof(argv[5]) : 2000;
    CpuOptions options;
    options.n_threads = n_threads;
    const auto backend = makeCpuBackend(options);
    std::printf("%s\n", backend->description().c_str());
    const double bytes = double(n_out) * double(rowBytes(dtype, n_in));
    const int count = std::max(1, int(megabytes * 1e6 / bytes));

    std::vector<Matrix> matrices;
    std::vector<float> weights(size_t(n_out) * size_t(n_in));
    for (size_t k = 0; k < weights.size(); k++)
        weights[k] = float(int(k * 7 % 101) - 50) * 0.01F;
    double quantize_seconds = 0;
    for (int i = 0; i < count; i++) {
        matrices.push_back(backend->makeMatrix(dtype, n_out, n_in));
        const auto begin = std::chrono::steady_clock::now();
        backend->setRows(matrices.back(), 0, n_out, weights.data(), DType::f32);
        quantize_seconds
            += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    }
    std::printf("setRows from f32: %.0f million weights/s\n",
        double(n_out) * double(n_in) * count / quantize_seconds / 1e6);
    const int rows[] = {1, 2, 4, 8, 16, 32, 64};
    std::vector<float> x(64 * static_cast<size_t>(n_in), 0.5F), y(64 * static_cast<size_t>(n_out));
    for (size_t i = 0; i < x.size(); i++)
        x[i] = float(i % 37) * 0.01F;
    std::vector<double> best(std::size(rows), 1e30); // mean of a pass
    std::vector<std::vector<double>> times(std::size(rows)); // single products
    double read_gbs = 0;
    const MachinePeaks peaks = measureMultiplyAdd(n_threads);
    const double peak = peaks.of(dtype, n_in);
    for (int round = 0; round < 5; round++) {
        read_gbs = std::max(read_gbs, measureReadBandwidth(n_threads));
        for (size_t i = 0; i < std::size(rows); i++) {
            const auto begin = std::chrono::steady_clock::now();
            for (const Matrix& matrix : matrices) {
                const auto one = std::chrono::steady_clock::now();
                backend->matmul(matrix, Tensor{x.data(), rows[i], n_in}, nullptr, Epilogue::store,
                    {y.data(), rows[i], n_out});
                const std::chrono::duration<double> time = std::chrono::steady_clock::now() - one;
                times[i].push_back(time.count());
            }
            const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
            best[i] = std::min(best[i], time.count() / count);
        }
    }
    std::printf("%d matrices (%lld, %lld) %s, %d threads; read %.1f GB/s, peak %.0f GMAC/s\n",
        count, static_cast<long long>(n_out), static_cast<long long>(n_in), dtypeName(dtype),
        n_threads, read_gbs, peak);
    // On a machine that does other work too, the quick tenth of single products tells what is
    // possible.
    std::vector<double> quick;
    for (std::vector<double>& all : times) {
        std::sort(all.begin(), all.end());
        quick.push_back(all[all.size() / 10]);
    }
    const auto print = [&](const char* what, const std::vector<double>& seconds) {
        std::printf("%s\n", what);
        for (size_t i = 0; i < std::size(rows); i++) {
            const double gbs = bytes / seconds[i] / 1e9;
            const double gmacs = double(n_out) * double(n_in) * rows[i] / seconds[i] / 1e9;
            std::printf(
                "%3d rows %9.1f us  x%5.2f  %5.1f GB/s (%3.0f %%)  %6.1f GMAC/s (%3.0f %%)\n",
                rows[i], seconds[i] * 1e6, seconds[i] / seconds[0], gbs, 100 * gbs / read_gbs,
                gmacs, 100 * gmacs / peak);
        }
    };
    print("best pass", best);
    print("quick tenth of single products", quick);
    return 0;
}
