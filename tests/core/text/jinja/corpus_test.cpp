// SPDX-License-Identifier: Apache-2.0
// The fuzzer's seeds, whole and cut short, through the fuzzer's own entry: it aborts where
// something is wrong.
#include <doctest/doctest.h>

#include <cstdint>

#include "tests/core/text/support.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

TEST_CASE("seeds cut anywhere are templates or errors")
{
    const std::filesystem::path corpus
        = std::filesystem::path(GORGON_SOURCE_DIR) / "tests/fuzz/corpus/chat_template";
    int n_files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(corpus)) {
        const std::string bytes = gorgon::tests::readAll(entry.path());
        const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
        for (std::size_t size = bytes.size() % 31; size <= bytes.size(); size += 31)
            CHECK(LLVMFuzzerTestOneInput(data, size) == 0);
        ++n_files;
    }
    CHECK(n_files >= 14);
}
