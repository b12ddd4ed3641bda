// SPDX-License-Identifier: Apache-2.0
// Long texts of few different characters, on which careless tokenizers take forever.
#include <doctest/doctest.h>

#include <ctime>

#include "core/text/unicode_forms.h"
#include "tests/core/text/small_tokenizer_json.h"
#include "tests/core/text/support.h"
#include "tests/support/paths.h"

using namespace gorgon;
using namespace gorgon::tests;

namespace {

// The sanitizers make it some ten times slower.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t kBytes = std::size_t(1) << 17;
#else
constexpr std::size_t kBytes = std::size_t(1) << 20;
#endif
constexpr double kMaxSeconds = 2; // of the processor

std::string repeated(const std::string& part)
{
    std::string text;
    while (text.size() < kBytes)
        text += part;
    return text;
}

double processorSeconds()
{
    return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

void checkAll(const Tokenizer& tokenizer)
{
    for (const char* part : {"a", "\n", " ", "7", ".", "<", "\xFF", "\u4E2D", "\u6C49\u5B57\u8BED",
             "\u0301", "\u0316\u0301\u0327", "\u0F73", "\U0001F642", "\u2581", "<|im_end|>", "</s>",
             " \t", "\r\n"})
    {
        CAPTURE(part);
        const std::string text = repeated(part);
        const double start = processorSeconds();
        const std::vector<int> ids = tokenizer.encode(text);
        CHECK(processorSeconds() - start < kMaxSeconds);
        CHECK_FALSE(ids.empty());
        const double middle = processorSeconds();
        tokenizer.encodeWithControls(text);
        tokenizer.decode(ids, true);
        CHECK(processorSeconds() - middle < 2 * kMaxSeconds);
    }
}

} // namespace

TEST_CASE("a megabyte of one character takes no more than seconds")
{
    checkAll(*tokenizerOf(byteLevelJson()));
    checkAll(*tokenizerOf(markedJson()));
    nlohmann::json json = byteLevelJson();
    json["normalizer"] = {{"type", "NFC"}};
    checkAll(*tokenizerOf(json));
}

TEST_CASE("so it does with published vocabularies")
{
    for (const std::string name : {"llama2", "mistral", "stories260K", "llama3", "qwen25"}) {
        if (!sharedHas("fixtures/tokenizers/" + name + "/tokenizer.json"))
            continue;
        CAPTURE(name);
        checkAll(*loadTokenizer(sharedFolder() / "fixtures/tokenizers" / name));
    }
}

TEST_CASE("long rows of marks are put in order as short ones are")
{
    // Class 230, 220, 202: the order of one row of each class is kept.
    std::string mixed, sorted;
    for (const char* mark : {"\u0327", "\u0316", "\u0300"})
        for (int i = 0; i < 200; ++i)
            sorted += mark;
    for (int i = 0; i < 200; ++i)
        mixed += "\u0300\u0316\u0327";
    CHECK(normalized("x" + mixed + "y", UnicodeForm::Nfd) == "x" + sorted + "y");
    CHECK(normalized("x\u0300\u0316", UnicodeForm::Nfd) == "x\u0316\u0300");
    // The first mark of a class still joins the letter.
    CHECK(normalized("e" + repeated("\u0301"), UnicodeForm::Nfc).starts_with("\u00E9\u0301"));
}
