// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <fstream>
#include <random>
#include <thread>
#include <unistd.h>

#include "core/model/tensor_file.h"
#include "tests/support/paths.h"
#include "tests/support/safetensors_writer.h"
#include "tests/support/scratch_folder.h"

using namespace gorgon;
using namespace gorgon::tests;

namespace {

/// The message of the refusal, or "" where the file opened.
std::string refusal(const std::filesystem::path& file)
{
    try {
        openTensorFile(file);
        return "";
    } catch (const std::runtime_error& error) {
        return error.what();
    }
}

class Fixture
{
public:
    std::string refuse(std::string_view bytes)
    {
        return refusal(m_folder.write("m.safetensors", bytes));
    }
    std::string refuseHeader(std::string_view header, size_t n_bytes)
    {
        return refuse(safetensorsOf(header, std::string(n_bytes, 'x')));
    }
    const ScratchFolder& folder() const { return m_folder; }

private:
    ScratchFolder m_folder;
};

uint64_t residentBytes()
{
    std::ifstream in("/proc/self/statm");
    uint64_t total = 0;
    uint64_t resident = 0;
    in >> total >> resident;
    return resident * uint64_t(sysconf(_SC_PAGESIZE));
}

std::string replaced(std::string text, const std::string& what, const std::string& with)
{
    const size_t at = text.find(what);
    REQUIRE(at != std::string::npos);
    return text.replace(at, what.size(), with);
}

// Two tensors of four bytes each, and the ways a field of the second can be wrong.
const std::string kTwo = R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                         R"("b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})";

} // namespace

TEST_CASE_FIXTURE(Fixture, "A sound file gives names, shapes and bytes")
{
    const WrittenTensor a = floatTensor("a", {2, 3}, 5);
    const WrittenTensor empty{"empty", "BF16", {4, 0}, ""};
    const WrittenTensor scalar{"scalar", "I64", {}, std::string(8, '\1')};
    const WrittenTensor bytes{"bytes", "U8", {3}, "xyz"};
    const auto file
        = openTensorFile(folder().write("odd name.bin", safetensorsOf({a, empty, scalar, bytes})));
    REQUIRE(file->tensors().size() == 4);
    CHECK(file->format() == std::string("safetensors"));
    const TensorInfo& info = file->tensors().at("a");
    CHECK(info.dtype == "F32");
    CHECK(info.shape == std::vector<int64_t>{2, 3});
    std::string read(8, '\0');
    file->read(info, 16, std::as_writable_bytes(std::span(read)));
    CHECK(read == a.bytes.substr(16));
    CHECK(file->tensors().at("empty").bytes == 0);
    CHECK(file->tensors().at("scalar").shape.empty());
    CHECK(file->tensors().at("scalar").bytes == 8);
    CHECK(file->tensors().at("bytes").bytes == 3);
}

TEST_CASE_FIXTURE(Fixture, "What real files do is accepted")
{
    CHECK(refuseHeader(kTwo, 8) == "");
    CHECK(refuseHeader("{}", 0) == "");
    CHECK(refuseHeader(kTwo + std::string(7, ' '), 8) == ""); // padding
    CHECK(refuseHeader(R"({"__metadata__":{}})", 0) == "");
    CHECK(refuseHeader(R"({"__metadata__":{"format":"pt","note":"ü"},)" + kTwo.substr(1), 8) == "");
    CHECK(refuseHeader(replaced(kTwo, "\"b\"", "\"\\u00fc/\\\"\""), 8) == "");
    for (const char* dtype : {"I32", "U32", "F32"})
        CHECK(refuseHeader(replaced(kTwo, "F32", dtype), 8) == "");
    const std::string reversed = R"({"b":{"dtype":"F16","shape":[2],"data_offsets":[4,8]},)"
                                 R"("a":{"data_offsets":[0,4],"shape":[2,2],"dtype":"U8"}})";
    CHECK(refuseHeader(reversed, 8) == "");
}

TEST_CASE_FIXTURE(Fixture, "A wrong header length is refused before anything is allocated")
{
    const std::string sound = safetensorsOf(kTwo, "12345678");
    CHECK(refuse(sound) == "");
    const uint64_t n = kTwo.size();
    const uint64_t before = residentBytes();
    for (const uint64_t length : {uint64_t(0), uint64_t(1), uint64_t(7), n - 1, n + 1, n + 8, n + 9,
             n + 1000, uint64_t(1) << 26, uint64_t(100'000'001), uint64_t(1) << 30,
             uint64_t(1) << 32, uint64_t(1) << 62, uint64_t(INT64_MAX), uint64_t(INT64_MAX) + 1,
             UINT64_MAX - 8, UINT64_MAX - 7, UINT64_MAX})
    {
        CAPTURE(length);
        CHECK(refuse(littleEndian(length, 8) + sound.substr(8)) != "");
    }
    CHECK(residentBytes() < before + (uint64_t(1) << 20));
    for (size_t size = 0; size < sound.size(); ++size) {
        CAPTURE(size);
        CHECK(refuse(sound.substr(0, size)) != "");
    }
    CHECK(refuse(sound + "x").find("belong to no tensor") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "Offsets that leave holes, overlap or lie outside are refused by name")
{
    struct Row
    {
        const char* offsets;
        const char* says;
    };
    for (const Row& row : {Row{"[5,9]", "\"b\""}, Row{"[3,7]", "overlap"},
             Row{"[8,4]", "ends before"}, Row{"[4,12]", "\"b\""}, Row{"[0,4]", "overlap"},
             Row{"[0,8]", "\"b\""}, Row{"[4,4]", "\"b\""}, Row{"[-4,8]", "negative"},
             Row{"[4.0,8]", "fraction"}, Row{"[4,8e0]", "fraction"}, Row{"[\"4\",8]", "\"b\""},
             Row{"[4]", "fewer"}, Row{"[]", "fewer"}, Row{"[4,8,8]", "more than"},
             Row{"[null,8]", "null"}, Row{"[true,8]", "true"}, Row{"4", "list"},
             Row{"[[4],8]", "list"}, Row{"{\"a\":4}", "object"},
             Row{"[18446744073709551612,18446744073709551616]", "fraction"},
             Row{"[18446744073709551611,18446744073709551615]", "\"b\""},
             Row{"[9223372036854775804,9223372036854775808]", "\"b\""}, Row{"[1e400,8]", "JSON"},
             Row{"[4294967296,4294967300]", "\"b\""}, Row{"[04,8]", "JSON"}, Row{"[4,8", "JSON"}})
    {
        CAPTURE(row.offsets);
        const std::string message = refuseHeader(replaced(kTwo, "[4,8]", row.offsets), 8);
        CHECK(message.find(row.says) != std::string::npos);
        CHECK(message.find("m.safetensors: ") != std::string::npos);
        CHECK(message.find('\n') == std::string::npos);
    }
    // A gap ahead of the first, and two that swap.
    CHECK(refuseHeader(replaced(kTwo, "[0,4]", "[1,5]"), 8) != "");
    CHECK(refuseHeader(replaced(replaced(kTwo, "[0,4]", "[4,8]"), "},\"b\"", "},\"c\""), 8) != "");
}

TEST_CASE_FIXTURE(Fixture, "Shapes that overflow or disagree with the bytes are refused")
{
    for (const char* shape :
        {"[2]", "[0]", "[1,2]", "[-1]", "[1.0]", "[\"1\"]", "[null]", "1", "{}", "[[1]]",
            "[2147483648]", "[4294967296]", "[4294967297,1]", "[4611686018427387904]",
            "[9223372036854775807]", "[9223372036854775808]", "[18446744073709551615]",
            "[18446744073709551616]", "[4294967296,4294967296]", "[2147483648,8589934592]",
            "[3037000500,3037000500]", "[9223372036854775807,9223372036854775807,0]",
            "[1073741825,4]", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]"})
    {
        CAPTURE(shape);
        const std::string with_b = R"("b":{"dtype":"F32","shape":)";
        CHECK(refuseHeader(replaced(kTwo, with_b + "[1]", with_b + shape), 8) != "");
    }
    std::string ones = "1";
    for (int i = 0; i < 1'000'000; ++i)
        ones += ",1";
    CHECK(refuseHeader(R"({"a":{"dtype":"F32","shape":[)" + ones + R"(],"data_offsets":[0,4]}})", 4)
              .find("dimensions")
        != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "A dtype that is not known is named")
{
    for (const char* dtype : {"Q7", "f32", "F4", "F6_E2M3", "", "F32 ", "FLOAT", "I4", "\\u0000"}) {
        CAPTURE(dtype);
        CHECK(refuseHeader(replaced(kTwo, "F32", dtype), 8).find("not supported")
            != std::string::npos);
    }
    CHECK(refuseHeader(replaced(kTwo, "\"F32\"", "32"), 8) != "");
}

TEST_CASE_FIXTURE(Fixture, "Duplicate keys are refused however they are written")
{
    for (const std::string& header : {
             replaced(kTwo, "\"b\"", "\"a\""),
             replaced(kTwo, "\"b\"", "\"\\u0061\""),
             replaced(kTwo, "\"dtype\":\"F32\"", "\"dtype\":\"F32\",\"dtype\":\"F32\""),
             replaced(kTwo, "\"dtype\":\"F32\"", "\"dtype\":\"F32\",\"dt\\u0079pe\":\"F32\""),
             replaced(kTwo, "\"shape\":[1]", "\"shape\":[1],\"shape\":[1]"),
             replaced(
                 kTwo, "\"data_offsets\":[0,4]", "\"data_offsets\":[0,4],\"data_offsets\":[0,4]"),
             R"({"__metadata__":{},"__metadata__":{},)" + kTwo.substr(1),
             R"({"__metadata__":{},"__met\u0061data__":{},)" + kTwo.substr(1),
             R"({"__metadata__":{"a":"1","\u0061":"2"},)" + kTwo.substr(1),
         })
    {
        CAPTURE(header);
        CHECK(refuseHeader(header, 8).find("twice") != std::string::npos);
    }
}

TEST_CASE_FIXTURE(Fixture, "Headers of another form are refused")
{
    const std::string deep_list(100'000, '[');
    std::string deep_object;
    for (int i = 0; i < 100'000; ++i)
        deep_object += "{\"a\":";
    for (const std::string& header : {
             std::string("[]"),
             std::string("null"),
             std::string("1"),
             std::string("\"a\""),
             std::string(""),
             std::string(" "),
             std::string(" {}"),
             std::string("{"),
             std::string("}"),
             std::string("{}}"),
             std::string("{} x"),
             std::string("{}\0", 3),
             std::string("{}\0{}", 5),
             "\xEF\xBB\xBF" + kTwo,
             replaced(kTwo, "\"b\"", "\"\xFF\""),
             replaced(kTwo, "\"b\"", "\"\xC0\x80\""),
             replaced(kTwo, "\"b\"", "\"\xED\xA0\x80\""),
             replaced(kTwo, "\"b\"", "\"\\ud800\""),
             replaced(kTwo, "\"b\"", "\"\n\""),
             replaced(kTwo, "\"b\"", "b"),
             replaced(kTwo, "},", "}"),
             replaced(kTwo, "}}", "},}"),
             replaced(kTwo, "\"dtype\":\"F32\",", ""),
             replaced(kTwo, ",\"shape\":[1]", ""),
             replaced(kTwo, ",\"data_offsets\":[0,4]", ""),
             replaced(kTwo, "\"shape\"", "\"shapes\""),
             replaced(kTwo, "[1]", "[1],\"extra\":1"),
             std::string(R"({"a":1})"),
             std::string(R"({"a":[]})"),
             std::string(R"({"a":"x"})"),
             std::string(R"({"a":null})"),
             std::string(R"({"a":{}})"),
             std::string(R"({"__metadata__":1})"),
             std::string(R"({"__metadata__":[]})"),
             std::string(R"({"__metadata__":null})"),
             std::string(R"({"__metadata__":{"a":1}})"),
             std::string(R"({"__metadata__":{"a":null}})"),
             std::string(R"({"__metadata__":{"a":{}}})"),
             std::string(R"({"__metadata__":{"a":["b"]}})"),
             deep_list,
             "{\"a\":" + deep_list,
             deep_object,
             "{\"__metadata__\":" + deep_object,
         })
    {
        CAPTURE(header.substr(0, 100));
        CHECK(refuseHeader(header, 8) != "");
        CHECK(refuseHeader(header, 0).find('\n') == std::string::npos);
    }
}

TEST_CASE_FIXTURE(Fixture, "Deep nesting takes no stack")
{
    const std::string deep = "{\"a\":" + std::string(1'000'000, '[');
    const auto path = folder().write("deep.safetensors", safetensorsOf(deep, ""));
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, size_t(256) << 10);
    pthread_t thread = {};
    static std::string message;
    const auto body = [](void* file) -> void* {
        message = refusal(*static_cast<const std::filesystem::path*>(file));
        return nullptr;
    };
    REQUIRE(
        pthread_create(&thread, &attributes, body, const_cast<std::filesystem::path*>(&path)) == 0);
    pthread_join(thread, nullptr);
    pthread_attr_destroy(&attributes);
    CHECK(message.find("list was found") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "Any byte of a header may be wrong")
{
    const std::string sound = safetensorsOf(
        {floatTensor("model.w", {2, 4}), {"n", "F16", {3}, "abcdef"}, {"e", "I8", {0, 2}, ""}});
    CHECK(refuse(sound) == "");
    size_t n_refused = 0;
    for (const unsigned seed : {1U, 2U, 3U}) {
        std::mt19937 random(seed);
        for (int i = 0; i < 1000; ++i) {
            std::string bytes = sound;
            const int n_edits = 1 + int(random() % 3);
            for (int k = 0; k < n_edits; ++k) {
                const size_t at = random() % (sound.size() - 38 + 2); // header and its length
                const char replacements[] = "0123456789[]{}\",:-.eE \\x\0\xFF";
                bytes[at] = replacements[random() % sizeof replacements];
            }
            const auto path = folder().write("f.safetensors", bytes);
            try {
                // Whatever opens must lie within the file.
                const auto file = openTensorFile(path);
                for (const auto& [name, tensor] : file->tensors()) {
                    std::string data(tensor.bytes, '\0');
                    file->read(tensor, 0, std::as_writable_bytes(std::span(data)));
                }
            } catch (const std::runtime_error& error) {
                CHECK(std::string(error.what()).find("f.safetensors: ") != std::string::npos);
                ++n_refused;
            }
        }
    }
    CHECK(n_refused > 2500);
}

TEST_CASE_FIXTURE(Fixture, "A file that shrinks while it is read is an error, not a signal")
{
    const WrittenTensor a = floatTensor("a", {1000, 100});
    const std::string bytes = safetensorsOf({a});
    for (int i = 0; i < 50; ++i) {
        const auto path = folder().write("shrinks.safetensors", bytes);
        const auto file = openTensorFile(path);
        const size_t left = bytes.size() * size_t(i) / 50;
        std::filesystem::resize_file(path, left);
        std::string data(a.bytes.size(), '\0');
        CHECK_THROWS_WITH_AS(
            file->read(file->tensors().at("a"), 0, std::as_writable_bytes(std::span(data))),
            doctest::Contains("became shorter"), std::runtime_error);
    }
}
