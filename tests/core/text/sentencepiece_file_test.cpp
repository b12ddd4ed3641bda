// SPDX-License-Identifier: Apache-2.0
// Hostile model files: refused with one sentence, or loaded and usable; never more than that.
#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <stdexcept>

#include <pthread.h>
#include <sys/stat.h>

#include "core/text/protobuf_wire.h"
#include "core/text/sentencepiece_tokenizer.h"
#include "tests/core/text/support.h"
#include "tests/support/paths.h"

using namespace gorgon;
using namespace gorgon::tests;

namespace {

constexpr const char* kText = "hello world \u4E2D \U0001F642 <|end|> \xFF";

// True where the bytes load; then the tokenizer must also work.
bool loads(const std::string& bytes)
{
    try {
        const SentencePieceTokenizer tokenizer(bytes, {}, "file");
        const std::vector<int> ids = tokenizer.encode(kText);
        for (const int id : ids)
            CHECK((id >= 0 && id < tokenizer.vocabSize()));
        tokenizer.decode(ids, false);
        tokenizer.encodeContinuation(kText);
        return true;
    } catch (const std::runtime_error& error) {
        const std::string message = error.what();
        CHECK(message.find('\n') == std::string::npos);
        CHECK(message.size() < 600);
        return false;
    }
}

SentencePieceFile changed(const std::function<void(SentencePieceFile&)>& change)
{
    SentencePieceFile file = smallModel();
    change(file);
    return file;
}

// Runs on a stack of 512 KiB, so that recursion along a piece would show.
void onSmallStack(const std::function<void()>& work)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, std::size_t(512) << 10);
    pthread_t thread;
    const auto run = [](void* arg) -> void* {
        (*static_cast<const std::function<void()>*>(arg))();
        return nullptr;
    };
    REQUIRE(
        pthread_create(&thread, &attributes, run, const_cast<std::function<void()>*>(&work)) == 0);
    pthread_join(thread, nullptr);
    pthread_attr_destroy(&attributes);
}

// A trie of one block: units[0] is the root, whose children lie at offset ^ label.
std::string charsmap(const std::vector<std::pair<int, std::uint32_t>>& units,
    const std::string& texts, int n_units = 512)
{
    std::vector<std::uint32_t> trie(n_units, 0);
    for (const auto& [index, unit] : units)
        trie[index] = unit;
    std::string out;
    const auto put = [&](std::uint32_t value) {
        for (int i = 0; i < 4; ++i)
            out.push_back(static_cast<char>(value >> (8 * i)));
    };
    put(static_cast<std::uint32_t>(4 * trie.size()));
    for (const std::uint32_t unit : trie)
        put(unit);
    return out + texts;
}

constexpr std::uint32_t unit(std::uint32_t offset, bool leaf, unsigned char label)
{
    return offset << 10 | (leaf ? 1U << 8 : 0) | label;
}

bool loadsWithCharsmap(const std::string& map)
{
    return loads(modelBytes(changed([&](SentencePieceFile& file) { file.charsmap = map; })));
}

} // namespace

TEST_CASE("a sound model loads, with its oddities")
{
    CHECK(loads(modelBytes(smallModel())));
    CHECK(loads(modelBytes(changed([](auto& file) {
        file.pieces.push_back({std::string("\0", 1), -50});
    }))));
    CHECK(loads(modelBytes(changed([](auto& file) {
        file.model_type = 1;
        file.pieces.push_back({std::string("\0a", 2), -50});
    }))));
    CHECK(loads(modelBytes(changed([](auto& file) {
        file.pieces.push_back({std::string("\0b", 2), 0, PieceType::UserDefined});
    }))));
    // Unknown fields of any wire type, and a message that is split in two, are the format's own
    // ways.
    std::string bytes = modelBytes(smallModel());
    putVarintField(bytes, 200, 7);
    putFloatField(bytes, 201, 1);
    putBytesField(bytes, 202, "unknown");
    putBytesField(bytes, 3, "");
    CHECK(loads(bytes));
}

TEST_CASE("a model that breaks a rule is refused")
{
    const auto refused = [](const std::function<void(SentencePieceFile&)>& change) {
        return !loads(modelBytes(changed(change)));
    };
    CHECK(refused([](auto& file) { file.pieces.clear(); }));
    CHECK(refused([](auto& file) { file.pieces[0].type = PieceType::Normal; }));
    CHECK(refused([](auto& file) { file.pieces.push_back({"<unk2>", 0, PieceType::Unknown}); }));
    CHECK(refused([](auto& file) { file.pieces.push_back({"he", 0}); }));
    CHECK(refused([](auto& file) { file.pieces.push_back({"", 0}); }));
    CHECK(refused([](auto& file) { file.pieces.push_back({"x1", std::nanf("")}); }));
    CHECK(refused([](auto& file) {
        file.pieces.push_back({"x1", -std::numeric_limits<float>::infinity()});
    }));
    CHECK(refused([](auto& file) { file.pieces.push_back({"x1", 0, static_cast<PieceType>(7)}); }));
    CHECK(refused([](auto& file) { file.pieces.push_back({"x1", 0, static_cast<PieceType>(0)}); }));
    CHECK(refused([](auto& file) { file.pieces.push_back({"<0xGG>", 0, PieceType::Byte}); }));
    CHECK(refused([](auto& file) { file.pieces[10].text = "<0x0a>"; }));
    CHECK(refused([](auto& file) { file.byte_fallback = false; }));
    CHECK(refused([](auto& file) { file.model_type = 9; }));
    CHECK(refused([](auto& file) { file.pieces.push_back({std::string(100000, 'a'), 0}); }));
    CHECK_FALSE(loads(""));
    CHECK_FALSE(loads("not a model"));
}

TEST_CASE("pieces of the largest length are handled on a small stack")
{
    for (const int model_type : {1, 2})
        for (const PieceType type : {PieceType::Normal, PieceType::UserDefined, PieceType::Unused})
        {
            SentencePieceFile file = smallModel();
            file.model_type = model_type;
            // Each the beginning of the next: as many as there may be.
            const std::size_t step = type == PieceType::UserDefined ? 16 : 1;
            for (std::size_t length = 1024; length > 1; length -= std::min(step, length - 1))
                file.pieces.push_back(
                    {std::string(length, 'q'), -200.0F + static_cast<float>(length) / 16, type});
            const std::string bytes = modelBytes(file);
            onSmallStack([&] {
                const SentencePieceTokenizer tokenizer(bytes, {}, "long");
                const std::string text(5000, 'q');
                CHECK(tokenizer.decode(tokenizer.encode(text), true) == text);
            });
        }
    CHECK_FALSE(loads(modelBytes(changed([](auto& file) {
        for (std::size_t length = 2; length < 70; ++length)
            file.pieces.push_back({std::string(length, 'q'), 0, PieceType::UserDefined});
    }))));
}

TEST_CASE("normalisation rules are followed only inside their bounds")
{
    const std::string texts("b\0", 2);
    // 'a' becomes "b": the root leads to 256 ^ 'a', which has a value at 256 + 128.
    const std::vector<std::pair<int, std::uint32_t>> sound{{0, unit(256, false, 0)},
        {256 ^ 'a', unit((256 ^ 'a') ^ 384, true, 'a')}, {384, 1U << 31 | 0}};
    CHECK(loadsWithCharsmap(charsmap(sound, texts)));
    const SentencePieceTokenizer tokenizer(
        modelBytes(changed([&](auto& file) { file.charsmap = charsmap(sound, texts); })), {},
        "rules");
    CHECK(tokenizer.decode(tokenizer.encode("cab"), true) == "cbb");

    auto unsound = sound;
    unsound[2].second = 1U << 31 | 2; // a text behind the last one
    CHECK_FALSE(loadsWithCharsmap(charsmap(unsound, texts)));
    unsound = sound;
    unsound[0].second = unit(1 << 20, false, 0); // children outside the trie
    CHECK_FALSE(loadsWithCharsmap(charsmap(unsound, texts)));
    unsound = sound;
    unsound[1].second = unit(1 << 20, true, 'a');
    CHECK_FALSE(loadsWithCharsmap(charsmap(unsound, texts)));
    unsound = sound;
    unsound[0].second = unit(256, true, 0); // a rule for no text at all
    CHECK_FALSE(loadsWithCharsmap(charsmap(unsound, texts)));
    unsound = sound; // a node with a value that is its own child: "aaaa..." matches without end
    unsound[1].second = unit((256 ^ 'a') ^ 256, true, 'a');
    unsound.push_back({256, 1U << 31 | 0});
    CHECK_FALSE(loadsWithCharsmap(charsmap(unsound, texts)));

    CHECK_FALSE(loadsWithCharsmap(charsmap(sound, "b"))); // no end
    CHECK_FALSE(loadsWithCharsmap(charsmap(sound, "")));
    CHECK_FALSE(loadsWithCharsmap(charsmap(sound, std::string(1000, 'x') + std::string(1, '\0'))));
    CHECK_FALSE(loadsWithCharsmap("abc"));
    CHECK_FALSE(loadsWithCharsmap(std::string("\xFF\xFF\xFF\xFF", 4) + texts));
    CHECK_FALSE(loadsWithCharsmap(std::string("\0\0\0\0", 4) + texts));
    CHECK_FALSE(loadsWithCharsmap(charsmap(sound, texts, 512) + std::string(2 << 20, '\0')));
}

TEST_CASE("a model cut at any byte is refused or still a model")
{
    const std::string bytes = modelBytes(smallModel());
    const std::size_t body = bytes.size() - 40; // behind it only settings follow
    for (std::size_t size = 0; size < bytes.size(); size += size < 300 || size > body ? 1 : 37) {
        CAPTURE(size);
        if (loads(bytes.substr(0, size)))
            CHECK(size > body);
    }
    CHECK_FALSE(loads(bytes + '\x0A'));
}

TEST_CASE("mutated models never do more than fail")
{
    const std::string bytes = modelBytes(smallModel());
    std::mt19937 random(11);
    int n_loaded = 0;
    for (int round = 0; round < 400; ++round) {
        CAPTURE(round);
        std::string mutated = bytes;
        for (unsigned n = 1 + random() % 4; n > 0; --n) {
            const std::size_t at = random() % mutated.size();
            switch (random() % 4) {
            case 0:
                mutated[at] = static_cast<char>(random());
                break;
            case 1:
                mutated[at] = static_cast<char>(mutated[at] ^ (1 << random() % 8));
                break;
            case 2:
                mutated.erase(at, 1 + random() % 40);
                break;
            default:
                mutated.insert(at, mutated.substr(random() % mutated.size(), 1 + random() % 40));
            }
        }
        n_loaded += loads(mutated) ? 1 : 0;
    }
    CHECK(n_loaded < 400);
}

TEST_CASE("the cut model of the malformed collection is refused by name")
{
    const auto folder = dataFolder() / "malformed" / "spm_truncated";
    CHECK_THROWS_WITH_AS(
        loadTokenizer(folder), doctest::Contains("tokenizer.model"), std::runtime_error);
}

TEST_CASE("only a regular file of bounded size is read")
{
    const TemporaryFolder folder;
    CHECK_THROWS_AS(loadTokenizer(folder.path()), std::runtime_error);
    REQUIRE(::mkfifo((folder.path() / "tokenizer.model").c_str(), 0600) == 0);
    CHECK_THROWS_AS(loadTokenizer(folder.path()), std::runtime_error);
    std::filesystem::remove(folder.path() / "tokenizer.model");
    std::filesystem::create_directory(folder.path() / "tokenizer.model");
    CHECK_THROWS_AS(loadTokenizer(folder.path()), std::runtime_error);
    std::filesystem::remove(folder.path() / "tokenizer.model");
    folder.write("tokenizer.model", "");
    std::filesystem::resize_file(folder.path() / "tokenizer.model", std::uintmax_t(65) << 20);
    CHECK_THROWS_WITH_AS(
        loadTokenizer(folder.path()), doctest::Contains("at most"), std::runtime_error);
    std::filesystem::remove(folder.path() / "tokenizer.model");
    std::filesystem::create_symlink("/dev/zero", folder.path() / "tokenizer.model");
    CHECK_THROWS_AS(loadTokenizer(folder.path()), std::runtime_error);
}
