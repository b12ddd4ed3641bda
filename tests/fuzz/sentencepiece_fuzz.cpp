// SPDX-License-Identifier: Apache-2.0
// A byte for the length of the text, the text, and a tokenizer.model file.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

#include "core/text/sentencepiece_tokenizer.h"

using namespace gorgon;

namespace {

void require(bool holds)
{
    if (!holds)
        std::abort();
}

void useTokenizer(const Tokenizer& tokenizer, std::string_view text)
{
    for (const std::vector<int>& ids : {tokenizer.encode(text), tokenizer.encodeContinuation(text),
             tokenizer.encodeWithControls(text)})
    {
        for (const int id : ids)
            require(id >= 0 && id < tokenizer.vocabSize());
        const std::string whole = tokenizer.decode(ids, true);
        require(toValidUtf8(whole) == whole);
    }
    for (int id = -1; id < std::min(tokenizer.vocabSize() + 1, 300); ++id)
        tokenizer.label(id);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    if (input.empty())
        return 0;
    const std::size_t n_text = std::min<std::size_t>(data[0], size - 1);
    const std::string_view text = input.substr(1, n_text);
    try {
        const SentencePieceTokenizer tokenizer(input.substr(1 + n_text), TokenizerConfig(), "fuzz");
        useTokenizer(tokenizer, text);
    } catch (const std::runtime_error&) {
        // A sentence for whoever chose the file.
    }
    return 0;
}
