// SPDX-License-Identifier: Apache-2.0
// Sizes from the published config.json files.
#include "core/model/inspect_heads.h"

namespace gorgon {

std::vector<std::string> knownBases(int64_t width, int64_t vocab)
{
    struct Known
    {
        int width;
        int vocab;
        const char* names;
    };
    static constexpr Known kBases[] = {{768, 32000, "Llama-68M, Llama-160M"},
        {2048, 32000, "TinyLlama-1.1B"}, {3072, 32064, "Phi-3-mini"},
        {4096, 32000, "Vicuna-7B, Llama-2-7B, Mistral-7B, Zephyr-7B, Mixtral-8x7B"},
        {4096, 32002, "OpenHermes-2.5-Mistral-7B"}, {4096, 32768, "Mistral-7B-v0.3"},
        {5120, 32000, "Vicuna-13B, Llama-2-13B"}, {6656, 32000, "Vicuna-33B"},
        {8192, 32000, "Llama-2-70B"}, {2048, 128256, "Llama-3.2-1B"},
        {3072, 128256, "Llama-3.2-3B"}, {4096, 128256, "Llama-3-8B, Llama-3.1-8B"},
        {8192, 128256, "Llama-3-70B, Llama-3.1-70B"}, {896, 151936, "Qwen2.5-0.5B"},
        {1536, 151936, "Qwen2.5-1.5B"}, {2048, 151936, "Qwen2.5-3B"}, {3584, 152064, "Qwen2.5-7B"},
        {5120, 152064, "Qwen2.5-14B, Qwen2.5-32B"}, {8192, 152064, "Qwen2.5-72B"},
        {2048, 256000, "Gemma-2B"}, {3072, 256000, "Gemma-7B"}};
    std::vector<std::string> result;
    for (const Known& each : kBases)
        if (each.width == width && (vocab == 0 || each.vocab == vocab))
            result.emplace_back(each.names);
    return result;
}

} // namespace gorgon
