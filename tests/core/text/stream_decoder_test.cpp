// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <random>

#include "core/text/stream_decoder.h"
#include "core/text/utf8.h"
#include "tests/core/text/support.h"

using namespace gorgon;
using namespace gorgon::tests;

namespace {

constexpr int kByte = 7; // id of <0x00>
constexpr int kEnd = 6;

std::vector<std::string> chunks(
    const std::vector<int>& ids, bool at_start = true, bool skip_special = true)
{
    StreamDecoder decoder(smallTokenizer(), at_start, skip_special);
    std::vector<std::string> out;
    for (const int id : ids)
        out.push_back(decoder.push(id));
    out.push_back(decoder.finish());
    return out;
}

using Chunks = std::vector<std::string>;

} // namespace

TEST_CASE("a character appears with its last byte")
{
    CHECK(chunks({kByte + 0xF0, kByte + 0x9F, kByte + 0x99, kByte + 0x82, kByte + 'x'})
        == Chunks{"", "", "", "\U0001F642", "x", ""});
}

TEST_CASE("bytes of no character become U+FFFD, one each, once they cannot be completed")
{
    CHECK(chunks({kByte + 0xE4, kByte + 0xB8, kByte + 'x'}) == Chunks{"", "", "\uFFFD\uFFFDx", ""});
    CHECK(chunks({kByte + 0xE4, kByte + 0xB8}) == Chunks{"", "", "\uFFFD\uFFFD"});
    CHECK(chunks({kByte + 0x80, kByte + 0xFF, kByte + 0xC3, kByte + 0xC3, kByte + 0xA9})
        == Chunks{"\uFFFD", "\uFFFD", "", "\uFFFD", "\u00E9", ""});
    // A control token ends what is unfinished, seen or not.
    CHECK(chunks({kByte + 0xE4, kEnd, kByte + 0xB8}) == Chunks{"", "\uFFFD", "\uFFFD", ""});
    CHECK(chunks({kByte + 0xE4, kEnd}, true, false) == Chunks{"", "\uFFFD<|end|>", ""});
}

TEST_CASE("only the first space of a text is the tokenizer's own")
{
    const auto tokenizer = smallTokenizer();
    const std::vector<int> hello = tokenizer->encode("hello");
    REQUIRE(hello.size() == 1);
    CHECK(chunks({hello[0], hello[0]}) == Chunks{"hello", " hello", ""});
    CHECK(chunks({hello[0], hello[0]}, false) == Chunks{" hello", " hello", ""});
    CHECK(chunks({kEnd, hello[0]}) == Chunks{"", "hello", ""});
    CHECK(chunks({kEnd, hello[0]}, true, false) == Chunks{"<|end|>", " hello", ""});
    const std::vector<int> spaces = tokenizer->encode("  he");
    CHECK(tokenizer->decode(spaces, true) == "  he");
}

TEST_CASE("chunks add up to the whole text, are valid UTF-8, and unknown ids say nothing")
{
    const auto tokenizer = smallTokenizer();
    std::mt19937 random(5);
    for (int round = 0; round < 2000; ++round) {
        std::vector<int> ids;
        for (unsigned n = random() % 30; n > 0; --n)
            ids.push_back(
                static_cast<int>(random() % static_cast<unsigned>(tokenizer->vocabSize() + 8)) - 4);
        for (const bool skip_special : {true, false}) {
            std::string text;
            for (const std::string& chunk : chunks(ids, true, skip_special)) {
                CHECK(toValidUtf8(chunk) == chunk);
                text += chunk;
            }
            CHECK(text == tokenizer->decode(ids, skip_special));
        }
    }
}
