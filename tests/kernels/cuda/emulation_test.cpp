// SPDX-License-Identifier: Apache-2.0
// That the emulation does what kernels rely on, and finds what they must not do.
#include <doctest/doctest.h>

#include <cmath>
#include <numeric>

#include "kernels/cuda/instructions.h"
#include "tests/kernels/cuda/device_array.h"

using namespace gorgon::cuda;
using namespace gorgon::cuda::tests;

namespace {

constexpr uint64_t kSeeds = 12;

GORGON_KERNEL void countAfterWait(int* counts, int n_waiting)
{
    if (threadIndex() < n_waiting)
        waitForPredecessor();
    counts[threadIndex()]++;
}

GORGON_KERNEL void succeedTooSoon()
{
    letSuccessorBegin();
    waitForPredecessor();
}

GORGON_KERNEL void countThreads(int* counts)
{
    counts[blockIndex() * blockThreads() + threadIndex()]++;
    if (laneIndex() != threadIndex() % 32 || warpIndex() != threadIndex() / 32)
        counts[0] = -1;
}

GORGON_KERNEL void reverseBlock(const float* in, float* out)
{
    GORGON_SHARED(float, values, 128);
    const int at = blockIndex() * 128;
    values[threadIndex()] = in[at + threadIndex()];
    syncThreads();
    out[at + threadIndex()] = values[127 - threadIndex()];
}

GORGON_KERNEL void reverseWithoutBarrier(const float* in, float* out)
{
    GORGON_SHARED(float, values, 128);
    values[threadIndex()] = in[threadIndex()];
    out[threadIndex()] = values[127 - threadIndex()];
}

GORGON_KERNEL void shuffleAll(int* ints, float* floats, uint64_t* longs, uint32_t* bits)
{
    const int i = threadIndex();
    ints[i] = shuffle(i, (laneIndex() * 5 + 3) % 32);
    floats[i] = shuffleXor(float(i), 9);
    longs[i] = shuffleDown(uint64_t(i) << 40U, 4);
    bits[i] = ballot(laneIndex() % 3 == warpIndex());
}

GORGON_KERNEL void votesOfBlock(int* out)
{
    const bool any = anyInBlock(threadIndex() == blockIndex() * 40);
    const bool all = allInBlock(threadIndex() < 64 + blockIndex() - 1);
    out[blockIndex() * 64 + threadIndex()] = (any ? 1 : 0) + (all ? 2 : 0);
}

GORGON_KERNEL void readFreshMemory(float* out)
{
    GORGON_SHARED(float, fixed, 32);
    out[threadIndex()] = fixed[threadIndex()];
    out[32 + threadIndex()] = dynamicShared<float>()[threadIndex()];
}

GORGON_KERNEL void writeBeyond(int at)
{
    if (threadIndex() == 0)
        dynamicShared<char>()[at] = 0;
}

GORGON_KERNEL void shuffleInHalfAWarp(int* out)
{
    if (warpIndex() == 1 && laneIndex() >= 16)
        return;
    out[threadIndex()] = shuffle(threadIndex(), 0);
}

GORGON_KERNEL void barriersApart()
{
    if (threadIndex() < 32)
        syncThreads();
    else
        syncThreads();
}

GORGON_KERNEL void lanesApart(int* out)
{
    if (laneIndex() < 16)
        out[threadIndex()] = shuffle(1, 0);
    else
        out[threadIndex()] = shuffle(2, 0);
}

GORGON_KERNEL void copyInGroups(const float* in, float* early, float* out, int groups_waited)
{
    auto* const shared = dynamicShared<float>();
    float* const mine = shared + threadIndex() * 8;
    copyAsync16(mine, in + threadIndex() * 8, cachePolicy(CacheUse::evict_first));
    commitCopies();
    copyAsync16OrZero(mine + 4, in + threadIndex() * 8 + 4, threadIndex() % 2 == 0);
    commitCopies();
    waitCopies<1>();
    for (int i = 0; i < 8; i++)
        early[threadIndex() * 8 + i] = mine[i];
    if (groups_waited == 2)
        waitCopies<0>();
    for (int i = 0; i < 8; i++)
        out[threadIndex() * 8 + i] = mine[i];
}

/// Each block adds its number; the last one to come writes the sum.
GORGON_KERNEL void sumByTicket(int* parts, int* ticket, int* sum)
{
    GORGON_SHARED(int, is_last, 1);
    if (threadIndex() == 0) {
        parts[blockIndex()] = blockIndex() + 1;
        threadFence();
        is_last[0] = atomicAddInt(ticket, 1) == blockCount() - 1;
    }
    syncThreads();
    if (is_last[0] && threadIndex() == 0) {
        for (int i = 0; i < blockCount(); i++)
            *sum += parts[i];
    }
}

GORGON_KERNEL void waitForNextBlock(int* flags, bool comes)
{
    if (threadIndex() != 0)
        return;
    if (blockIndex() + 1 < blockCount() || !comes) {
        while (loadAcquire(flags + blockIndex() + 1) == 0) {
        }
    }
    storeRelease(flags + blockIndex(), 1);
}

std::vector<float> upTo(int n)
{
    std::vector<float> values(static_cast<size_t>(n));
    std::iota(values.begin(), values.end(), 1.0F);
    return values;
}

/// What is thrown, or "".
template <typename Body> std::string faultOf(Body&& body)
{
    try {
        body();
    } catch (const emulation::Fault& fault) {
        return fault.what();
    }
    return {};
}

bool contains(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("a kernel that may begin early waits, and lets others begin only then")
{
    Stream stream;
    const DeviceArray<int> counts(std::vector<int>(64));
    launchEarly(stream, countAfterWait, 1, 64, 0, counts.data(), 64);
    CHECK(counts.values() == std::vector<int>(64, 1));
    CHECK_THROWS_WITH_AS(launchEarly(stream, countAfterWait, 1, 64, 0, counts.data(), 63),
        doctest::Contains("lane 31: ended without waiting"), emulation::Fault);
    CHECK_THROWS_WITH_AS(launchEarly(stream, countThreads, 1, 64, 0, counts.data()),
        doctest::Contains("without waiting"), emulation::Fault);
    CHECK_THROWS_WITH_AS(launchEarly(stream, succeedTooSoon, 1, 32, 0),
        doctest::Contains("before the predecessor has ended"), emulation::Fault);
}

TEST_CASE("every thread of every block runs once")
{
    Stream stream;
    for (uint64_t seed = 0; seed < kSeeds; seed++) {
        const Seed use(seed);
        const DeviceArray<int> counts(std::vector<int>(5 * 96));
        launch(stream, countThreads, 5, 96, 0, counts.data());
        CHECK(counts.values() == std::vector<int>(5 * 96, 1));
    }
}

TEST_CASE("a barrier parts writing from reading")
{
    Stream stream;
    const DeviceArray<float> in(upTo(256)), out(256);
    for (uint64_t seed = 0; seed < kSeeds; seed++) {
        const Seed use(seed);
        launch(stream, reverseBlock, 2, 128, 0, in.data(), out.data());
        const auto values = out.values();
        for (int i = 0; i < 256; i++)
            REQUIRE(values[size_t(i)] == float(i / 128 * 128 + 128 - i % 128));
    }
}

TEST_CASE("a missing barrier shows as NaN, elsewhere for each seed")
{
    Stream stream;
    const DeviceArray<float> in(upTo(128)), out(128);
    std::vector<std::vector<bool>> seen;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        const Seed use(seed);
        launch(stream, reverseWithoutBarrier, 1, 128, 0, in.data(), out.data());
        std::vector<bool> is_nan;
        for (const float value : out.values())
            is_nan.push_back(std::isnan(value));
        CHECK(std::count(is_nan.begin(), is_nan.end(), true) > 16);
        for (const auto& other : seen)
            CHECK(is_nan != other);
        seen.push_back(is_nan);
    }
}

TEST_CASE("lanes exchange values")
{
    Stream stream;
    for (uint64_t seed = 0; seed < kSeeds; seed++) {
        const Seed use(seed);
        const DeviceArray<int> ints(64);
        const DeviceArray<float> floats(64);
        const DeviceArray<uint64_t> longs(64);
        const DeviceArray<uint32_t> bits(64);
        launch(stream, shuffleAll, 1, 64, 0, ints.data(), floats.data(), longs.data(), bits.data());
        for (size_t i = 0; i < 64; i++) {
            const size_t lane = i % 32, warp = i / 32;
            REQUIRE(ints.values()[i] == int(warp * 32 + (lane * 5 + 3) % 32));
            REQUIRE(floats.values()[i] == float(i ^ 9U));
            REQUIRE(longs.values()[i] == uint64_t(lane + 4 < 32 ? i + 4 : i) << 40U);
            REQUIRE(bits.values()[i] == (warp == 0 ? 0x49249249U : 0x92492492U));
        }
    }
}

TEST_CASE("a block votes")
{
    Stream stream;
    const DeviceArray<int> out(3 * 64);
    launch(stream, votesOfBlock, 3, 64, 0, out.data());
    for (size_t i = 0; i < 64; i++) {
        CHECK(out.values()[i] == 1);
        CHECK(out.values()[64 + i] == 3);
        CHECK(out.values()[128 + i] == 2);
    }
}

TEST_CASE("shared memory starts as NaN and has an end")
{
    Stream stream;
    const DeviceArray<float> out(std::vector<float>(64));
    launch(stream, readFreshMemory, 2, 32, 128, out.data());
    for (const float value : out.values())
        CHECK(std::isnan(value));
    CHECK(faultOf([&] { launch(stream, writeBeyond, 1, 32, 100, 99); }).empty());
#ifndef __SANITIZE_ADDRESS__ // which ends the program
    CHECK(contains(faultOf([&] { launch(stream, writeBeyond, 1, 32, 100, 100); }), "beyond"));
    CHECK(contains(faultOf([&] { launch(stream, writeBeyond, 1, 32, 100, -1); }), "beyond"));
#endif
    CHECK(contains(faultOf([&] { launch(stream, writeBeyond, 1, 32, 120000, 0); }), "120000"));
}

TEST_CASE("threads that wait forever are named")
{
    Stream stream;
    const DeviceArray<int> out(64);
    for (uint64_t seed = 0; seed < 3; seed++) {
        const Seed use(seed);
        const std::string fault
            = faultOf([&] { launch(stream, shuffleInHalfAWarp, 1, 64, 0, out.data()); });
        CHECK(contains(fault, "blocked forever"));
        CHECK(contains(fault, "warp 1"));
        CHECK(contains(fault, "16 ended, 16 in an operation of the warp"));
        CHECK(contains(fault, "emulation_test.cpp:"));
        CHECK(contains(fault, "shuffleInHalfAWarp"));
    }
    // What a fault left behind does not reach the next launch.
    const DeviceArray<int> counts(std::vector<int>(64));
    launch(stream, countThreads, 1, 64, 0, counts.data());
    CHECK(counts.values() == std::vector<int>(64, 1));
}

TEST_CASE("barriers and operations of a warp are met at one place")
{
    Stream stream;
    const DeviceArray<int> out(32);
    CHECK(contains(faultOf([&] { launch(stream, barriersApart, 1, 64, 0); }), "another barrier"));
    CHECK(contains(faultOf([&] { launch(stream, lanesApart, 1, 32, 0, out.data()); }),
        "lanes that wait elsewhere"));
}

TEST_CASE("copies land when they are waited for, or before")
{
    Stream stream;
    const DeviceArray<float> in(upTo(32 * 8)), early(32 * 8), out(32 * 8);
    size_t n_early = 0;
    for (uint64_t seed = 0; seed < kSeeds; seed++) {
        const Seed use(seed);
        launch(stream, copyInGroups, 1, 32, 32 * 32, in.data(), early.data(), out.data(), 2);
        const auto first = early.values(), all = out.values();
        size_t n_landed = 0;
        for (size_t i = 0; i < all.size(); i++) {
            const bool is_second = i % 8 >= 4;
            REQUIRE(all[i] == (is_second && i / 8 % 2 == 1 ? 0.0F : float(i + 1)));
            if (is_second)
                n_landed += !std::isnan(first[i]);
            else
                REQUIRE(first[i] == float(i + 1));
        }
        CHECK((seed == 0 ? n_landed == 0 : n_landed < 128));
        n_early += n_landed;
    }
    CHECK(n_early > 0);
    CHECK(contains(faultOf([&] {
        launch(stream, copyInGroups, 1, 32, 32 * 32, in.data(), early.data(), out.data(), 1);
    }),
        "copies were under way"));
}

TEST_CASE("addresses of wide accesses are aligned")
{
    Stream stream;
    const DeviceArray<float> in(upTo(300)), early(300), out(300);
    CHECK(contains(faultOf([&] {
        launch(stream, copyInGroups, 1, 32, 1024, in.data() + 1, early.data(), out.data(), 2);
    }),
        "aligned to 16"));
}

TEST_CASE("the last block of a ticket sees what all wrote")
{
    Stream stream;
    for (uint64_t seed = 0; seed < kSeeds; seed++) {
        const Seed use(seed);
        const DeviceArray<int> parts(20), ticket(std::vector<int>(1)), sum(std::vector<int>(1));
        launch(stream, sumByTicket, 20, 64, 0, parts.data(), ticket.data(), sum.data());
        CHECK(sum.values()[0] == 210);
    }
}

TEST_CASE("a block may wait for another that comes")
{
    Stream stream;
    for (uint64_t seed = 0; seed < 3; seed++) {
        const Seed use(seed);
        const DeviceArray<int> flags(std::vector<int>(4));
        launch(stream, waitForNextBlock, 3, 32, 0, flags.data(), true);
        CHECK(flags.values() == std::vector<int>{1, 1, 1, 0});
    }
    const DeviceArray<int> flags(std::vector<int>(4));
    CHECK(
        contains(faultOf([&] { launch(stream, waitForNextBlock, 1, 32, 0, flags.data(), false); }),
            "waits forever for another block"));
}

TEST_CASE("a launch has blocks of whole warps")
{
    Stream stream;
    const DeviceArray<int> counts(64);
    CHECK(contains(
        faultOf([&] { launch(stream, countThreads, 0, 32, 0, counts.data()); }), "0 blocks"));
    CHECK(contains(
        faultOf([&] { launch(stream, countThreads, 1, 48, 0, counts.data()); }), "48 threads"));
}
