// SPDX-License-Identifier: Apache-2.0
#include "kernels/accelerators.h"

#include <doctest/doctest.h>

#include <stdexcept>

using namespace gorgon;

TEST_CASE("names of devices")
{
    for (const char* name : {"auto", "cpu", "cuda:0", "cuda:15"})
        CHECK(isDeviceName(name));
    for (const char* name : {"", "cuda", "cuda:", "cuda:x", "cuda:-1", "cuda:99999", "CPU", "gpu"})
        CHECK(!isDeviceName(name));
}

TEST_CASE("every device that is listed can be used, or says why not")
{
    const std::vector<Accelerator> all = listAccelerators();
    REQUIRE(!all.empty());
    for (const Accelerator& one : all) {
        CAPTURE(one.name);
        CHECK(one.is_usable == one.reason.empty());
        CHECK(one.name.starts_with("cuda"));
        if (one.is_usable)
            CHECK(one.total_bytes >= one.free_bytes);
    }
}

TEST_CASE("the processor is there, and a device that is not says so")
{
    const ChosenBackend cpu = chooseBackend("cpu", {.n_threads = 1});
    CHECK(cpu.backend->name() == "cpu");
    CHECK(cpu.fallback.empty());
    CHECK_THROWS_WITH_AS(
        chooseBackend("cuda:999", {}), doctest::Contains("cuda:999: "), std::runtime_error);
    CHECK_THROWS_WITH_AS(
        chooseBackend("cuda:999", {}), doctest::Contains("use cpu"), std::runtime_error);
}

TEST_CASE("auto never falls back in silence")
{
    const ChosenBackend chosen = chooseBackend("auto", {.n_threads = 1});
    REQUIRE(chosen.backend);
    CHECK((chosen.backend->name() == "cpu") == !chosen.fallback.empty());
}
