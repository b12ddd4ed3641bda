// SPDX-License-Identifier: Apache-2.0
#include "core/model/new_file.h"

#include <doctest/doctest.h>

#include <iterator>

#include "tests/support/scratch_folder.h"

using namespace gorgon;
using namespace gorgon::tests;

namespace {

ptrdiff_t fileCount(const std::filesystem::path& folder)
{
    return std::distance(
        std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator());
}

} // namespace

TEST_CASE("a file is replaced whole")
{
    const ScratchFolder folder;
    const std::filesystem::path path = folder.path() / "file";
    for (const char* const text : {"first", "second, longer", ""}) {
        replaceFile(path, [&](NewFile& file) { file.write(std::string_view(text)); });
        CHECK(std::filesystem::file_size(path) == std::string_view(text).size());
        CHECK(fileCount(folder.path()) == 1);
    }
}

TEST_CASE("a file that cannot be written leaves the old one and nothing beside it")
{
    const ScratchFolder folder;
    const std::filesystem::path path = folder.write("file", "old");
    CHECK_THROWS_AS(replaceFile(path,
                        [](NewFile& file) {
                            file.write(std::string_view("half"));
                            throw std::runtime_error("the other half is not to be had");
                        }),
        std::runtime_error);
    CHECK(std::filesystem::file_size(path) == 3);
    CHECK(fileCount(folder.path()) == 1);

    std::filesystem::create_directory(folder.path() / "taken");
    CHECK_THROWS_AS(replaceFile(folder.path() / "taken", [](NewFile&) {}), std::runtime_error);
    CHECK_THROWS_AS(
        replaceFile(folder.path() / "absent" / "file", [](NewFile&) {}), std::runtime_error);
    CHECK(fileCount(folder.path()) == 2);
}
