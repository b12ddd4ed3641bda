// SPDX-License-Identifier: Apache-2.0
// How fast the tokenizer of a model folder opens and encodes. Not a test: it prints.
//   tokenizer_bench FOLDER [TEXT_FILE]     without a file: made-up English and texts of one
//   character
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>

#include "core/text/read_file.h"
#include "core/text/tokenizer.h"

using namespace gorgon;

namespace {

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start)
{
    return std::chrono::duration<double>(Clock::now() - start).count();
}

// Words of one to three syllables, drawn by a plain congruential generator: the same on each
// machine.
std::string madeUpEnglish(std::size_t n_bytes)
{
    constexpr const char* kCommon[] = {"the", "of", "and", "to", "in", "that", "was", "he", "it",
        "with", "for", "she", "had", "on", "at", "his", "not", "you", "but", "by"};
    constexpr const char* kParts[] = {"con", "ter", "al", "in", "ment", "er", "ly", "re", "tion",
        "ing", "est", "able", "un", "ver", "pro", "day", "light", "ness", "or", "man"};
    std::string text;
    std::uint32_t state = 1;
    const auto draw = [&](std::uint32_t n) {
        state = state * 1664525U + 1013904223U;
        return (state >> 8) % n;
    };
    while (text.size() < n_bytes) {
        if (draw(2) == 0)
            text += kCommon[draw(20)];
        else
            for (std::uint32_t n = 1 + draw(3); n > 0; --n)
                text += kParts[draw(20)];
        text += draw(12) == 0 ? ".\n" : draw(10) == 0 ? ", " : " ";
    }
    return text;
}

std::string repeated(const std::string& part, std::size_t n_bytes)
{
    std::string text;
    while (text.size() < n_bytes)
        text += part;
    return text;
}

void measure(const Tokenizer& tokenizer, const char* name, const std::string& text)
{
    double best = 1e9;
    std::size_t n_tokens = 0;
    for (int i = 0; i < 3; ++i) {
        const auto start = Clock::now();
        n_tokens = tokenizer.encode(text).size();
        best = std::min(best, secondsSince(start));
    }
    std::printf("%-12s %10zu bytes %10zu tokens %8.3f s %8.1f MB/s\n", name, text.size(), n_tokens,
        best, static_cast<double>(text.size()) / best / 1e6);
}

} // namespace

int main(int argc, char** argv)
{
    if (argc < 2) {
        std::fprintf(stderr, "tokenizer_bench FOLDER [TEXT_FILE]\n");
        return 2;
    }
    try {
        const auto start = Clock::now();
        const auto tokenizer = loadTokenizer(argv[1]);
        std::printf("%s: opened in %.3f s\n", argv[1], secondsSince(start));
        constexpr std::size_t kMebibyte = std::size_t(1) << 20;
        if (argc > 2) {
            const std::string text = readRegularFile(argv[2], 64 * kMebibyte);
            measure(*tokenizer, "file", text);
            return 0;
        }
        measure(*tokenizer, "english", madeUpEnglish(8 * kMebibyte));
        measure(*tokenizer, "a", std::string(kMebibyte, 'a'));
        measure(*tokenizer, "newlines", std::string(kMebibyte, '\n'));
        measure(*tokenizer, "spaces", std::string(kMebibyte, ' '));
        measure(*tokenizer, "digits", std::string(kMebibyte, '7'));
        measure(*tokenizer, "dots", std::string(kMebibyte, '.'));
        measure(*tokenizer, "cjk", repeated("\u4E2D", kMebibyte));
        measure(
            *tokenizer, "cjk mixed", repeated("\u6C49\u5B57\u8BED\u8A00\u5904\u7406", kMebibyte));
        measure(*tokenizer, "marks", repeated("\u0301", kMebibyte));
        measure(*tokenizer, "marks mixed", repeated("\u0316\u0301\u0327", kMebibyte));
        measure(*tokenizer, "emoji", repeated("\U0001F642", kMebibyte));
        measure(*tokenizer, "bytes", std::string(kMebibyte, '\xFF'));
        measure(*tokenizer, "controls", repeated("<|im_end|>", kMebibyte));
        measure(*tokenizer, "less", std::string(kMebibyte, '<'));
    } catch (const std::exception& error) {
        std::fprintf(stderr, "error: %s\n", error.what());
        return 1;
    }
    return 0;
}
