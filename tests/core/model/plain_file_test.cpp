// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <chrono>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/model/checkpoint.h"
#include "core/model/file_error.h"
#include "core/model/heads_file.h"
#include "core/model/model_config.h"
#include "tests/support/paths.h"
#include "tests/support/safetensors_writer.h"
#include "tests/support/scratch_folder.h"

using namespace gorgon;
using namespace gorgon::tests;

TEST_CASE("Pipes, devices, folders and sockets are refused at once")
{
    const ScratchFolder folder;
    const std::filesystem::path pipe = folder.path() / "pipe.safetensors";
    REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
    const std::filesystem::path inner = folder.path() / "folder.safetensors";
    std::filesystem::create_directory(inner);
    const std::filesystem::path loop = folder.path() / "loop.safetensors";
    std::filesystem::create_symlink(loop, loop);
    const std::filesystem::path nowhere = folder.path() / "nowhere.safetensors";
    std::filesystem::create_symlink(folder.path() / "absent", nowhere);
    const std::filesystem::path to_pipe = folder.path() / "to_pipe.pt";
    std::filesystem::create_symlink(pipe, to_pipe);
    const std::filesystem::path socket_path = folder.path() / "s";
    const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    REQUIRE(socket_path.string().size() < sizeof address.sun_path);
    socket_path.string().copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);

    const auto start = std::chrono::steady_clock::now();
    for (const std::filesystem::path& path :
        {pipe, inner, loop, nowhere, to_pipe, socket_path, std::filesystem::path("/dev/zero"),
            std::filesystem::path("/dev/null"), std::filesystem::path("/dev/random"),
            folder.path() / "absent", folder.path() / "a" / "b",
            folder.path() / std::string(4096, 'x'), std::filesystem::path("")})
    {
        CAPTURE(path.string().substr(0, 80));
        CHECK_THROWS_AS(openTensorFile(path), std::runtime_error);
        CHECK_THROWS_AS(Checkpoint::openFile(path), std::runtime_error);
        CHECK_THROWS_AS(openHeads(path), std::runtime_error);
        CHECK_THROWS_AS(readModelConfig(path), std::runtime_error);
    }
    for (const char* name : {"config.json", "model.safetensors", "medusa_lm_head.pt",
             "model.safetensors.index.json", "pytorch_model.bin"})
    {
        const ScratchFolder model;
        REQUIRE(mkfifo((model.path() / name).c_str(), 0600) == 0);
        CHECK_THROWS_AS(readModelConfig(model.path()), std::runtime_error);
        CHECK_THROWS_AS(Checkpoint::openFolder(model.path()), std::runtime_error);
        CHECK_THROWS_AS(openHeads(model.path()), std::runtime_error);
    }
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(2));
    close(socket);
}

TEST_CASE("Odd names and links to files are read")
{
    const ScratchFolder folder;
    const std::string bytes = safetensorsOf({floatTensor("a", {2})});
    const std::string names[]
        = {"größe 日本語 🐍", "new\nline", "back\\slash", "-rf", "x'; touch y #"};
    for (const std::string& name : names) {
        const auto path = folder.write(name + "/model.safetensors", bytes);
        CHECK(openTensorFile(path)->tensors().size() == 1);
        CHECK(Checkpoint::openFolder(path.parent_path()).tensors().size() == 1);
        // Whatever the name, the message is one line.
        folder.write(name + "/broken.safetensors", "");
        try {
            openTensorFile(path.parent_path() / "broken.safetensors");
            FAIL("opened");
        } catch (const std::runtime_error& error) {
            CHECK(std::string(error.what()).find('\n') == std::string::npos);
        }
    }
    // A hub cache links its snapshots to blobs.
    const auto blob = folder.write("blobs/0123", bytes);
    std::filesystem::create_directories(folder.path() / "snapshots");
    std::filesystem::create_symlink(
        "../blobs/0123", folder.path() / "snapshots" / "model.safetensors");
    CHECK(Checkpoint::openFolder(folder.path() / "snapshots").tensors().size() == 1);
}

TEST_CASE("A file that this user may not read is one sentence")
{
    if (geteuid() == 0) {
        MESSAGE("skipped: this user may read everything");
        return;
    }
    const ScratchFolder folder;
    const auto path = folder.write("model.safetensors", "x");
    std::filesystem::permissions(path, std::filesystem::perms::none);
    CHECK_THROWS_WITH_AS(
        openTensorFile(path), doctest::Contains("may not read"), std::runtime_error);
}

TEST_CASE("Text from a file is made fit to print")
{
    CHECK(shown("plain ü 🐍") == "plain ü 🐍");
    CHECK(shown("a\nb\x1B[0m\x7F") == "a\\x0ab\\x1b[0m\\x7f");
    CHECK(shown("\xFF\xC0\x80\xED\xA0\x80") == "\\xff\\xc0\\x80\\xed\\xa0\\x80");
    CHECK(shown(std::string(500, 'x'), 10) == "xxxxxxxxxx...");
    CHECK(isValidUtf8("\xF4\x8F\xBF\xBF"));
    CHECK(!isValidUtf8("\xF4\x90\x80\x80"));
    CHECK(!isValidUtf8("\xC3"));
    CHECK(bytesText(999) == "999 bytes");
    CHECK(bytesText(1400) == "1.4 kB");
    CHECK(bytesText(13'500'000'000) == "14 GB");
    CHECK(shapeText({2, 3}) == "[2, 3]");
}
