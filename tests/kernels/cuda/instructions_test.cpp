// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "kernels/cuda/instructions.h"
#include "tests/kernels/cuda/device_array.h"

using namespace gorgon::cuda;
using namespace gorgon::cuda::tests;

namespace {

/// One warp: c (16, 8) += a (16, 16) b (16, 8), fragments gathered from row-major memory.
template <typename T> GORGON_KERNEL void multiplyTile(const T* a, const T* b, float* c)
{
    const int g = laneIndex() / 4, t = laneIndex() % 4;
    const auto pairOf = [](T lo, T hi) { return uint32_t(lo.bits) | uint32_t(hi.bits) << 16U; };
    uint32_t fa[4], fb[2];
    float fc[4];
    for (int i = 0; i < 4; i++) {
        const T* const from = a + (g + i % 2 * 8) * 16 + 2 * t + i / 2 * 8;
        fa[i] = pairOf(from[0], from[1]);
        fc[i] = c[(g + i / 2 * 8) * 8 + 2 * t + i % 2];
    }
    for (int i = 0; i < 2; i++) {
        const int k = 2 * t + 8 * i;
        fb[i] = pairOf(b[k * 8 + g], b[(k + 1) * 8 + g]);
    }
    mma16816<T>(fc, fa, fb);
    for (int i = 0; i < 4; i++)
        c[(g + i / 2 * 8) * 8 + 2 * t + i % 2] = fc[i];
}

template <typename T> void checkTile(float tolerance)
{
    std::mt19937 random(7);
    std::normal_distribution<float> normal;
    std::vector<T> a(256), b(128);
    std::vector<float> c(128);
    for (T& x : a)
        x = fromFloat<T>(normal(random));
    for (T& x : b)
        x = fromFloat<T>(normal(random));
    for (float& x : c)
        x = normal(random);
    const DeviceArray<T> da(a), db(b);
    const DeviceArray<float> dc(c);
    Stream stream;
    launch(stream, multiplyTile<T>, 1, 32, 0, da.data(), db.data(), dc.data());
    const auto sums = dc.values();
    for (size_t row = 0; row < 16; row++) {
        for (size_t col = 0; col < 8; col++) {
            double sum = c[row * 8 + col];
            for (size_t k = 0; k < 16; k++)
                sum += double(toFloat(a[row * 16 + k])) * double(toFloat(b[k * 8 + col]));
            CHECK(double(sums[row * 8 + col]) == doctest::Approx(sum).epsilon(double(tolerance)));
        }
    }
}

GORGON_KERNEL void loadTiles(const uint16_t* in, uint32_t* plain, uint32_t* transposed)
{
    auto* const shared = dynamicShared<uint16_t>();
    for (int i = threadIndex(); i < 256; i += 32)
        shared[i] = in[i];
    syncWarp();
    uint32_t r[4];
    loadMatrix4(r, shared + laneIndex() * 8);
    for (int i = 0; i < 4; i++)
        plain[laneIndex() * 4 + i] = r[i];
    loadMatrix4Transposed(r, shared + laneIndex() * 8);
    for (int i = 0; i < 4; i++)
        transposed[laneIndex() * 4 + i] = r[i];
}

} // namespace

TEST_CASE("a tensor core multiplies a tile")
{
    checkTile<Half>(1e-5F);
    checkTile<Bf16>(1e-5F);
}

TEST_CASE("matrices are loaded as they lie and transposed")
{
    std::vector<uint16_t> in(256);
    for (size_t i = 0; i < in.size(); i++)
        in[i] = uint16_t(i * 257);
    const DeviceArray<uint16_t> from(in);
    const DeviceArray<uint32_t> plain(128), transposed(128);
    Stream stream;
    launch(stream, loadTiles, 1, 32, 512, from.data(), plain.data(), transposed.data());
    for (size_t lane = 0; lane < 32; lane++) {
        const size_t g = lane / 4, t = lane % 4;
        for (size_t m = 0; m < 4; m++) {
            const auto at
                = [&](size_t row, size_t col) { return uint32_t(in[m * 64 + row * 8 + col]); };
            REQUIRE(plain.values()[lane * 4 + m] == (at(g, 2 * t) | at(g, 2 * t + 1) << 16U));
            REQUIRE(transposed.values()[lane * 4 + m] == (at(2 * t, g) | at(2 * t + 1, g) << 16U));
        }
    }
}

TEST_CASE("16-bit floats keep their values")
{
    for (uint32_t bits = 0; bits < 65536; bits++) {
        const Half half{uint16_t(bits)};
        const Bf16 bf16{uint16_t(bits)};
        if (!std::isnan(toFloat(half)))
            REQUIRE(fromFloat<Half>(toFloat(half)).bits == bits);
        if (!std::isnan(toFloat(bf16)))
            REQUIRE(fromFloat<Bf16>(toFloat(bf16)).bits == bits);
    }
    CHECK(std::isnan(toFloat(fromFloat<Half>(std::numeric_limits<float>::quiet_NaN()))));
    CHECK(std::isnan(toFloat(fromFloat<Bf16>(std::numeric_limits<float>::quiet_NaN()))));
    const uint32_t pair = pack2<Bf16>(1.5F, -3.0F);
    CHECK(lowOf<Bf16>(pair) == 1.5F);
    CHECK(highOf<Bf16>(pair) == -3.0F);
}

TEST_CASE("only finite values are brought into the range of f16")
{
    const float infinity = std::numeric_limits<float>::infinity();
    CHECK(clampToHalf(70000) == 65504);
    CHECK(clampToHalf(-1e30F) == -65504);
    CHECK(clampToHalf(65504) == 65504);
    CHECK(clampToHalf(infinity) == infinity);
    CHECK(clampToHalf(-infinity) == -infinity);
    CHECK(std::isnan(clampToHalf(std::numeric_limits<float>::quiet_NaN())));
}

TEST_CASE("a pair of bf16 is multiplied and added with one rounding")
{
    // Every byte of a q8 weight from its bits: 128 + low 7 bits, minus 128 or 256.
    for (uint32_t u = 0; u < 256; u++) {
        const uint32_t both = u | (255U - u) << 16U;
        const uint32_t a = (both & 0x007F007FU) | 0x43004300U;
        const uint32_t c = (both & 0x00800080U) ^ 0x43804380U;
        const uint32_t q = fmaBf16Pair(c, pack2<Bf16>(-1, -1), a);
        REQUIRE(lowOf<Bf16>(q) == float(int(u) - 128));
        REQUIRE(highOf<Bf16>(q) == float(127 - int(u)));
    }
    // (1 + 2^-7) (1 + 3 2^-7) - 1 = 2^-5 + 3 2^-14; with the product rounded first, 2^-5.
    const uint32_t y
        = fmaBf16Pair(pack2<Bf16>(1.0078125F, 0), pack2<Bf16>(1.0234375F, 0), pack2<Bf16>(-1, 0));
    CHECK(lowOf<Bf16>(y) == 0x1p-5F + 0x1p-12F);
}

TEST_CASE("pairs of f16 are multiplied and added with one rounding")
{
    // Every byte of a q8 key: 1024 + u, minus 1152.
    for (uint32_t u = 0; u < 256; u++) {
        const uint32_t both = (u | (255U - u) << 16U) | 0x64006400U;
        const uint32_t q = fmaHalfPair(both, pack2<Half>(1, 1), pack2<Half>(-1152, -1152));
        REQUIRE(lowOf<Half>(q) == float(int(u) - 128));
        REQUIRE(highOf<Half>(q) == float(127 - int(u)));
    }
    // (1 + 2^-10) (1 + 3 2^-10) - 1 = 2^-8 + 3 2^-20, which an f16 near 2^-8 rounds to 2^-8 +
    // 2^-18.
    const uint32_t y = fmaHalfPair(
        pack2<Half>(0, 1 + 0x1p-10F), pack2<Half>(0, 1 + 0x3p-10F), pack2<Half>(0, -1));
    CHECK(highOf<Half>(y) == 0x1p-8F + 0x1p-18F);
}
