// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <random>
#include <stdexcept>

#include "kernels/cpu/convert.h"
#include "kernels/cuda/device_memory.h"
#include "kernels/cuda/gemm.h"
#include "tests/gpu/speed.h"

namespace gorgon::gpu {

namespace {

using Clock = std::chrono::steady_clock;

#ifdef GORGON_CUDA_EMULATED
constexpr int kRounds = 1;
#else
constexpr int kRounds = 30;
#endif

/// Random, since products of zeros take less power and run at a higher clock.
Buffer randomBf16(cuda::Stream& stream, int64_t n)
{
    constexpr int64_t kPart = 1 << 18;
    std::mt19937 random(3);
    std::normal_distribution<float> normal;
    std::vector<uint16_t> part(size_t(std::min(n, kPart)));
    for (uint16_t& value : part)
        value = bf16OfFloat(normal(random));
    Buffer buffer = cuda::deviceBuffer(size_t(n) * sizeof(uint16_t));
    for (int64_t i = 0; i < n; i += kPart)
        cuda::copyToDevice(stream, buffer.as<uint16_t>() + i, part.data(),
            size_t(std::min(kPart, n - i)) * sizeof(uint16_t));
    return buffer;
}

} // namespace

double measureGemm(const ModelConfig& config, int n_rows)
{
    struct Product
    {
        int64_t n_out, n_in;
    };
    const int64_t q = int64_t(config.n_heads) * config.head_dim,
                  kv = int64_t(config.n_kv_heads) * config.head_dim;
    const Product products[] = {{q + 2 * kv, config.dim}, {config.dim, q},
        {2 * int64_t(config.ff_dim), config.dim}, {config.dim, config.ff_dim}};
    cuda::Stream stream;
    cuda::Gemm gemm(stream);
    std::vector<Buffer> weights;
    int64_t widest = 0, longest = 0;
    double operations = 0;
    for (const Product& product : products) {
        weights.push_back(randomBf16(stream, product.n_out * product.n_in));
        widest = std::max(widest, product.n_out);
        longest = std::max(longest, product.n_in);
        operations += 2.0 * double(n_rows) * double(product.n_out) * double(product.n_in);
    }
    const Buffer x = randomBf16(stream, n_rows * longest);
    const Buffer y = cuda::deviceBuffer(size_t(n_rows) * size_t(widest) * sizeof(float));
    std::vector<double> seconds;
    for (int round = -2; round < kRounds; round++) {
        const auto start = Clock::now();
        for (size_t i = 0; i < weights.size(); i++) {
            cuda::GemmShape shape;
            shape.dtype = DType::bf16;
            shape.n_rows = n_rows;
            shape.n_out = int(products[i].n_out);
            shape.k = shape.x_stride = shape.w_stride = products[i].n_in;
            shape.y_stride = products[i].n_out;
            gemm(shape, x.as<>(), weights[i].as<>(), y.as<float>(), false);
        }
        stream.synchronize();
        if (!stream.error().empty())
            throw std::runtime_error(stream.error());
        if (round >= 0)
            seconds.push_back(std::chrono::duration<double>(Clock::now() - start).count());
    }
    std::nth_element(
        seconds.begin(), seconds.begin() + std::ptrdiff_t(seconds.size() / 2), seconds.end());
    return operations / seconds[seconds.size() / 2];
}

} // namespace gorgon::gpu
