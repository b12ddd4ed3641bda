// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <functional>
#include <random>

#include "tests/core/model/archive_fixture.h"
#include "tests/support/paths.h"

using namespace gorgon;
using namespace gorgon::tests;

TEST_CASE_FIXTURE(ArchiveFixture, "An archive gives the tensors of its dictionary")
{
    const auto file = openTensorFile(folder().write("größe.pt", torchOf(kTensors)));
    CHECK(file->format() == std::string("torch archive"));
    REQUIRE(file->tensors().size() == 2);
    for (const WrittenTensor& tensor : kTensors) {
        const TensorInfo& info = file->tensors().at(tensor.name);
        CHECK(info.dtype == "F32");
        CHECK(info.shape == tensor.shape);
        std::string read(info.bytes, '\0');
        file->read(info, 0, std::as_writable_bytes(std::span(read)));
        CHECK(read == tensor.bytes);
    }
}

TEST_CASE_FIXTURE(ArchiveFixture, "What torch writes beside weights is accepted")
{
    const std::string tensor = tensorPickle("FloatStorage", 16, 0, {4, 4}, {4, 1});
    CHECK(refuse(torchOfPickle(tensor)) == "");
    // A view with an offset, an empty tensor, a scalar, other types.
    CHECK(refuse(torchOfPickle(tensorPickle("FloatStorage", 16, 12, {2, 2}, {2, 1}))) == "");
    CHECK(refuse(torchOfPickle(tensorPickle("FloatStorage", 16, 16, {0, 5}, {5, 1}))) == "");
    CHECK(refuse(torchOfPickle(tensorPickle("FloatStorage", 16, 15, {}, {}))) == "");
    CHECK(refuse(torchOfPickle(tensorPickle("FloatStorage", 16, 0, {1, 16, 1}, {7, 1, 99}))) == "");
    CHECK(refuse(torchOfPickle(tensorPickle("BFloat16Storage", 32, 0, {32}, {1}))) == "");
    CHECK(refuse(torchOfPickle(tensorPickle("LongStorage", 8, 0, {8}, {1}))) == "");
    // An ordered dictionary with _metadata, numbers and lists beside the tensor, a parameter.
    PickleWriter pickle;
    pickle.global("collections", "OrderedDict").raw(")R(");
    pickle.text("w").tensor("FloatStorage", "0", 16, 0, {16}, {1});
    pickle.text("p").global("torch._utils", "_rebuild_parameter").raw("(");
    pickle.tensor("FloatStorage", "0", 16, 4, {4}, {1})
        .raw("\x88")
        .global("collections", "OrderedDict")
        .raw(")RtR");
    pickle.text("step").raw("K\x03").text("lr").raw("G?\xb9\x99\x99\x99\x99\x99\x9a");
    pickle.text("list")
        .raw("](K\x01K\x02"
             "e")
        .text("none")
        .raw("N")
        .raw("u}")
        .text("_metadata");
    pickle.global("collections", "OrderedDict")
        .raw(")R")
        .text("")
        .raw("}")
        .text("version")
        .raw("K\x01sssb.");
    const auto file = openTensorFile(folder().write("b.pt", torchOfPickle(pickle.bytes)));
    REQUIRE(file->tensors().size() == 2);
    CHECK(file->tensors().at("p").offset == file->tensors().at("w").offset + 16);
    // zip64 records, and entries without descriptors.
    ZipEnd end;
    end.zip64 = true;
    CHECK(refuse(zipOf(torchParts(kTensors), end)) == "");
}

TEST_CASE_FIXTURE(ArchiveFixture, "Extents of storages and views are checked")
{
    constexpr int64_t kLargest = INT64_MAX;
    struct Row
    {
        const char* type;
        int64_t n_elements;
        int64_t offset;
        std::vector<int64_t> shape;
        std::vector<int64_t> strides;
    };
    for (const Row& row : std::initializer_list<Row>{{"FloatStorage", 15, 0, {4}, {1}},
             {"FloatStorage", 17, 0, {4}, {1}}, {"FloatStorage", 0, 0, {0}, {1}},
             {"FloatStorage", kLargest, 0, {4}, {1}}, {"HalfStorage", 16, 0, {16}, {1}},
             {"DoubleStorage", 16, 0, {16}, {1}}, {"FloatStorage", 16, 13, {4}, {1}},
             {"FloatStorage", 16, 17, {}, {}}, {"FloatStorage", 16, 17, {0}, {1}},
             {"FloatStorage", 16, kLargest, {1}, {1}},
             {"FloatStorage", 16, kLargest, {kLargest}, {1}}, {"FloatStorage", 16, 0, {17}, {1}},
             {"FloatStorage", 16, 0, {kLargest}, {1}},
             {"FloatStorage", 16, 0, {kLargest, kLargest}, {kLargest, 1}},
             {"FloatStorage", 16, 0, {int64_t(1) << 32, int64_t(1) << 32}, {int64_t(1) << 32, 1}},
             {"FloatStorage", 16, 0, {kLargest, kLargest, 0}, {0, 0, 1}},
             {"FloatStorage", 16, 0, {-1}, {1}}, {"FloatStorage", 16, 0, {4, 4}, {1, 4}},
             {"FloatStorage", 16, 0, {4, 4}, {0, 1}}, {"FloatStorage", 16, 0, {1000000}, {0}},
             {"FloatStorage", 16, 0, {8}, {2}}, {"FloatStorage", 16, 0, {4}, {-1}},
             {"FloatStorage", 16, 0, {4}, {kLargest}}, {"FloatStorage", 16, 0, {4, 4}, {1}},
             {"FloatStorage", 16, 0, {4}, {4, 1}}, {"FloatStorage", 16, -1, {4}, {1}},
             {"FloatStorage", 16, 0, std::vector<int64_t>(17, 1), std::vector<int64_t>(17, 1)}})
    {
        CAPTURE(row.n_elements);
        CAPTURE(row.offset);
        CHECK(refuse(torchOfPickle(
                  tensorPickle(row.type, row.n_elements, row.offset, row.shape, row.strides)))
            != "");
    }
    const std::string sound = tensorPickle("FloatStorage", 16, 0, {4, 4}, {4, 1});
    CHECK(refuse(zipOf({zipPart("a/data.pkl", sound)})).find("missing") != std::string::npos);
    CHECK(refuse(zipOf({zipPart("a/data.pkl", sound), zipPart("a/data/1", std::string(64, '\0'))}))
        != "");
    CHECK(refuse(torchOfPickle(sound, 15)) != "");
    CHECK(refuse(torchOfPickle(sound.substr(0, sound.size() - 2)
                     + PickleWriter()
                           .text("w")
                           .tensor("FloatStorage", "0", 16, 0, {4}, {1})
                           .bytes.substr(2)
                     + "u."))
              .find("twice")
        != std::string::npos);
}

TEST_CASE_FIXTURE(ArchiveFixture, "Zip archives that contradict themselves are refused")
{
    using Edit = std::function<void(std::vector<ZipPart>&, ZipEnd&)>;
    const std::vector<Edit> edits = {
        [](auto& p, auto&) { p[0].local.name = "a/data.pkm"; },
        [](auto& p, auto&) { p[0].central.name = "a/data.pkm"; },
        [](auto& p, auto&) { p[3].local.name = "a/data/9"; },
        [](auto& p, auto&) { p[3].local.name += "x"; },
        [](auto& p, auto&) { p[4].central.name = p[4].local.name = p[3].local.name; },
        [](auto& p, auto&) { p[3].central.flags |= 1; },
        [](auto& p, auto&) { p[3].central.flags |= 1, p[3].local.flags |= 1; },
        [](auto& p, auto&) { p[3].local.flags |= 1; },
        [](auto& p, auto&) { p[3].local.flags ^= 1 << 11; },
        [](auto& p, auto&) { p[3].central.flags = p[3].local.flags = 1 << 13; },
        [](auto& p, auto&) { p[3].central.flags = p[3].local.flags = 1 << 3 | 1 << 6; },
        [](auto& p, auto&) { p[3].central.method = 8; },
        [](auto& p, auto&) { p[3].local.method = 8; },
        [](auto& p, auto&) { p[3].central.method = p[3].local.method = 8; },
        [](auto& p, auto&) { p[3].central.method = p[3].local.method = 12; },
        [](auto& p, auto&) { p[3].central.packed -= 4; },
        [](auto& p, auto&) { p[3].central.bytes += 4; },
        [](auto& p, auto&) { p[3].central.bytes += 4, p[3].central.packed += 4; },
        [](auto& p, auto&) { p[3].central.bytes = p[3].central.packed = 0; },
        [](auto& p, auto&) { p[3].central.bytes = p[3].central.packed = 0xFFFFFFFE; },
        [](auto& p, auto&) { p[3].central.bytes = p[3].central.packed = 0xFFFFFFFF; },
        [](auto& p, auto&) { p[3].local.bytes = 8; },
        [](auto& p, auto&) { p[3].local.packed = 8, p[3].local.bytes = 8; },
        [](auto& p, auto&) { p[3].local.crc = 8; },
        [](auto& p, auto&) { p[3].central.crc ^= 1; },
        [](auto& p, auto&) { p[0].central.crc ^= 1; },
        [](auto& p, auto&) { p[3].data[5] ^= 1; },
        [](auto& p, auto&) { p[0].data[5] ^= 1; },
        [](auto& p, auto&) { p[3].descriptor.clear(); },
        [](auto& p, auto&) { p[3].descriptor[4] ^= 1; },
        [](auto& p, auto&) { p[3].descriptor[8] ^= 1; },
        [](auto& p, auto&) { p[3].descriptor[0] = 'Q'; },
        [](auto& p, auto&) { p[3].descriptor += "x"; },
        [](auto& p, auto&) { p[4].gap = "hidden bytes"; },
        [](auto& p, auto&) { p[0].gap = "#!/bin/sh\n"; },
        [](auto& p, auto&) { p[3].offset_error = 1; },
        [](auto& p, auto&) { p[3].offset_error = -1; },
        [](auto& p, auto&) { p[3].offset_error = 1 << 30; },
        [](auto& p, auto&) {
            p[4].offset_error = -int64_t(30 + 8 + 64 + 16);
        }, // that of the one before
        [](auto& p, auto&) { p[3].local.extra = "x"; },
        [](auto& p, auto&) { p[3].local.extra = std::string("\x01\x00\xFF\xFF", 4); },
        [](auto& p, auto&) { p[3].central.extra = std::string("\x01\x00\x20\x00", 4); },
        [](auto& p, auto&) { p[3].central.extra = "abc"; },
        [](auto& p, auto&) {
            p[3].central.bytes = 0xFFFFFFFF,
            p[3].central.extra = std::string("\x01\0\x04\0abcd", 8);
        },
        [](auto& p, auto&) {
            p[3].central.bytes = p[3].central.packed = 0xFFFFFFFF;
            p[3].central.extra = std::string("\x01\0\x10\0", 4) + std::string(16, '\xFF');
        },
        [](auto& p, auto&) { p[3].central.extra = std::string("\x01\0\0\0\x01\0\0\0", 8); },
        [](auto& p, auto&) { p[1].data = "big", p[1] = zipPart("a/byteorder", "big"); },
        [](auto& p, auto&) { p[1] = zipPart("a/byteorder", ""); },
        [](auto& p, auto&) { p.push_back(zipPart("../evil", "x")); },
        [](auto& p, auto&) { p.push_back(zipPart("a/../../evil", "x")); },
        [](auto& p, auto&) { p.push_back(zipPart("/etc/evil", "x")); },
        [](auto& p, auto&) { p.push_back(zipPart("a\\evil", "x")); },
        [](auto& p, auto&) { p.push_back(zipPart(std::string("a/e\0il", 7), "x")); },
        [](auto& p, auto&) { p.push_back(zipPart("a/\xFF", "x")); },
        [](auto& p, auto&) { p.push_back(zipPart("", "x")); },
        [](auto& p, auto&) { p.push_back(zipPart("b/x", "x")); },
        [](auto& p, auto&) { p.push_back(zipPart("x", "x")); },
        [](auto& p, auto&) { p.push_back(zipPart("a/constants.pkl", "x")); },
        [](auto& p, auto&) { p.erase(p.begin()); },
        [](auto& p, auto&) { p.clear(); },
        [](auto& p, auto&) { p[0] = zipPart("a/data.pkl", std::string((16 << 20) + 1, '(')); },
        [](auto&, auto& e) { e.entries_error = 1; },
        [](auto&, auto& e) { e.entries_error = -1; },
        [](auto&, auto& e) { e.entries_error = 60000; },
        [](auto&, auto& e) { e.size_error = 1; },
        [](auto&, auto& e) { e.size_error = -1; },
        [](auto&, auto& e) { e.size_error = 1 << 30; },
        [](auto&, auto& e) { e.offset_error = 1; },
        [](auto&, auto& e) { e.offset_error = -1; },
        [](auto&, auto& e) { e.offset_error = 1 << 30; },
        [](auto&, auto& e) { e.comment = "hello"; },
        [](auto&, auto& e) { e.before = "hidden"; },
        [](auto&, auto& e) { e.zip64 = true, e.entries_error = 1; },
        [](auto&, auto& e) { e.zip64 = true, e.size_error = 1; },
        [](auto&, auto& e) { e.zip64 = true, e.offset_error = 1; },
        [](auto&, auto& e) { e.zip64 = true, e.offset_error = -46; },
    };
    CHECK(refuse(zipOf(torchParts(kTensors))) == "");
    for (size_t i = 0; i < edits.size(); ++i) {
        CAPTURE(i);
        std::vector<ZipPart> parts = torchParts(kTensors);
        ZipEnd end;
        edits[i](parts, end);
        CHECK(refuse(zipOf(parts, end)) != "");
    }
    const std::string sound = zipOf(torchParts(kTensors));
    CHECK(refuse(sound + "x") != "");
    CHECK(refuse("x" + sound) != "");
    CHECK(refuse(sound + sound) != "");
}

TEST_CASE_FIXTURE(ArchiveFixture, "Other containers are named")
{
    CHECK(refuse("\x80\x02\x8A\x0Al\xFC\x9C\x46\xF9 j\xA8P\x19.\x80\x02M\xE9\x03.")
              .find("bare pickle")
        != std::string::npos);
    std::string tar(1024, '\0');
    tar.replace(0, 4, "data");
    tar.replace(257, 5, "ustar");
    CHECK(refuse(tar).find("tar archive") != std::string::npos);
    CHECK(refuse("GGUF\x03").find("GGUF file, which is not supported") != std::string::npos);
    CHECK(refuse("version https://git-lfs.github.com/spec/v1\n").find("git lfs pull")
        != std::string::npos);
    CHECK(refuse("{\"a\": 1, {").find("this is a JSON file") != std::string::npos);
    CHECK(refuse("<!DOCTYPE html>").find("web page") != std::string::npos);
    // A header of 123 bytes begins like JSON and is safetensors.
    CHECK(refuse(littleEndian('{', 8) + "{").find("the header should be 123 bytes long")
        != std::string::npos);
    std::vector<ZipPart> packed = torchParts(kTensors);
    packed[3].central.method = packed[3].local.method = 8;
    CHECK(refuse(zipOf(packed)).find("a compressed zip archive") != std::string::npos);
    for (const std::string& other : {std::string(), std::string("7z\xBC\xAF\x27\x1C"),
             std::string("\x1F\x8B\x08"), std::string("PK\x05\x06") + std::string(18, '\0'),
             std::string("PK"), std::string("GGUF"), std::string(5000, '\0'),
             std::string("PK\x03\x04"), std::string("PK\x03\x04") + std::string(100, 'x')})
        CHECK(refuse(other) != "");
}

TEST_CASE_FIXTURE(ArchiveFixture, "A file cut off anywhere is refused")
{
    const std::string ours = torchOf(kTensors);
    for (size_t size = 0; size < ours.size(); ++size) {
        CAPTURE(size);
        CHECK(refuse(std::string_view(ours).substr(0, size)) != "");
    }
    const std::string torch
        = bytesOf(dataFolder() / "medusa" / "heads" / "llama_mha_layers2" / "medusa_lm_head.pt");
    REQUIRE(torch.size() > 100'000);
    CHECK(refuse(torch) == "");
    for (size_t size = 0; size < 4096; ++size)
        CHECK(refuse(std::string_view(torch).substr(0, size)) != "");
    for (size_t size = torch.size() - 1500; size < torch.size(); ++size)
        CHECK(refuse(std::string_view(torch).substr(0, size)) != "");
}

TEST_CASE_FIXTURE(ArchiveFixture, "Whatever opens after random damage lies within the file")
{
    const std::string sound = torchOf(kTensors);
    for (const unsigned seed : {1U, 2U, 3U}) {
        std::mt19937 random(seed);
        for (int i = 0; i < 700; ++i) {
            std::string bytes = sound;
            for (int k = 1 + int(random() % 4); k > 0; --k)
                bytes[random() % bytes.size()] = char(random());
            try {
                const auto file = openTensorFile(folder().write("r.pt", bytes));
                for (const auto& [name, tensor] : file->tensors()) {
                    std::string data(tensor.bytes, '\0');
                    file->read(tensor, 0, std::as_writable_bytes(std::span(data)));
                }
            } catch (const std::runtime_error& error) {
                CHECK(std::string(error.what()).find("r.pt: ") != std::string::npos);
            }
        }
    }
}
