// SPDX-License-Identifier: Apache-2.0
// A tokenizer.json file and text for it, parted by the first NUL byte.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

#include "core/text/bpe_tokenizer.h"
#include "core/text/stream_decoder.h"

using namespace gorgon;

namespace {

void require(bool holds)
{
    if (!holds)
        std::abort();
}

void useTokenizer(
    const std::shared_ptr<const Tokenizer>& tokenizer, std::string_view text, bool has_unknown)
{
    for (const bool controls : {false, true}) {
        const std::vector<int> ids
            = controls ? tokenizer->encodeWithControls(text) : tokenizer->encode(text);
        StreamDecoder decoder(tokenizer, true, false);
        std::string streamed;
        for (const int id : ids) {
            require(id >= 0 && id < tokenizer->vocabSize());
            // The unknown token stands for text; no other control token may.
            require(controls || has_unknown || !tokenizer->isControl(id));
            const std::string chunk = decoder.push(id);
            require(toValidUtf8(chunk) == chunk);
            streamed += chunk;
        }
        streamed += decoder.finish();
        const std::string whole = tokenizer->decode(ids, false);
        require(toValidUtf8(whole) == whole);
    }
    tokenizer->encodeContinuation(text);
    for (int id = -1; id < std::min(tokenizer->vocabSize() + 1, 300); ++id) {
        tokenizer->label(id);
        tokenizer->bytes(id);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const std::size_t end = std::min(input.find('\0'), size);
    try {
        const auto tokenizer = std::make_shared<BpeTokenizer>(
            parseTokenizerJson(input.substr(0, end), "fuzz"), TokenizerConfig(), "fuzz");
        const bool has_unknown = input.find("unk_token") != std::string_view::npos
            || input.find("\\u") != std::string_view::npos;
        useTokenizer(tokenizer, input.substr(std::min(end + 1, size)), has_unknown);
    } catch (const std::runtime_error&) {
        // A sentence for whoever chose the file.
    }
    return 0;
}
