// SPDX-License-Identifier: Apache-2.0
// Input: a config.json. What is accepted must be within its bounds and have frequencies and words.
#include "core/model/model_config.h"

#include <cmath>
#include <cstdlib>
#include <stdexcept>

#include "tests/support/scratch_folder.h"

using namespace gorgon;
using namespace gorgon::tests;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    static const ScratchFolder folder("gorgon-fuzz");
    folder.write("config.json", std::string_view(reinterpret_cast<const char*>(data), size));
    try {
        const ModelConfig config = readModelConfig(folder.path());
        if (config.n_layers < 1 || config.n_heads < 1 || config.n_heads % config.n_kv_heads != 0
            || config.head_dim < 2 || config.head_dim % 2 != 0 || config.vocab_size < 1
            || config.attention.size() != size_t(config.n_layers))
            std::abort();
        for (const LayerAttention& layer : config.attention)
            if (layer.window < 0)
                std::abort();
        if (supportedContext(config) < config.max_context)
            std::abort();
        for (const int64_t context : {int64_t(1), supportedContext(config)})
            for (const float frequency : ropeFrequencies(config, context))
                if (!std::isfinite(frequency))
                    std::abort();
        if (ropeWords(config).empty() || windowWords(config).empty())
            std::abort();
    } catch (const std::runtime_error&) {
    }
    return 0;
}
