// SPDX-License-Identifier: Apache-2.0
// Fixture models, their expected values, and shorthand for loading and generating.
#pragma once

#include <doctest/doctest.h>

#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/decode/engine.h"
#include "core/model/model.h"
#include "core/model/tensor_file.h"
#include "tests/support/paths.h"

namespace gorgon::tests {

inline nlohmann::json readJson(const std::filesystem::path& path)
{
    std::ifstream file(path);
    return nlohmann::json::parse(file);
}

/// A tensor of a safetensors file as T; empty where there is none of that name.
template <typename T> std::vector<T> readTensor(const TensorFile& file, const std::string& name)
{
    const auto found = file.tensors().find(name);
    if (found == file.tensors().end())
        return {};
    std::vector<T> values(found->second.bytes / sizeof(T));
    file.read(found->second, 0, std::as_writable_bytes(std::span(values)));
    return values;
}

inline std::shared_ptr<const Model> loadFixture(const std::filesystem::path& model,
    const std::filesystem::path& heads = {}, int n_threads = 1,
    std::optional<DType> weights = std::nullopt, int64_t context = 0,
    std::optional<DType> cache_dtype = std::nullopt)
{
    LoadOptions options;
    options.model = model;
    options.no_heads = heads.empty();
    options.weights = weights;
    options.context = context;
    options.cache_dtype = cache_dtype;
    if (!heads.empty())
        options.heads = heads;
    return loadModel(makeCpuBackend({n_threads}), options);
}

/// Everything that a generation reported.
struct Run
{
    GenerateResult result;
    std::vector<DecodeStep> steps;
};

inline Run generate(Engine& engine, Session& session, const std::vector<int>& prompt,
    const GenerateSettings& settings)
{
    Run run;
    run.result = engine.generate(session, prompt, settings,
        {{}, [&](const DecodeStep& step) -> std::optional<int> {
             run.steps.push_back(step);
             return std::nullopt;
         }});
    return run;
}

/// Keys and values of every committed row, as bytes to compare.
inline std::vector<float> cacheRows(const Model& model, const Session& session)
{
    const KvCache& cache = session.cache;
    const int64_t row = int64_t(cache.n_kv_heads) * cache.head_dim;
    std::vector<float> rows(session.tokens.size() * cache.n_layers * 2 * row);
    float* to = rows.data();
    for (int layer = 0; layer < cache.n_layers; layer++)
        for (size_t slot = 0; slot < session.tokens.size(); slot++, to += 2 * row)
            model.backend->readKv(cache, layer, int64_t(slot), to, to + row);
    return rows;
}

inline bool sameBits(const std::vector<float>& a, const std::vector<float>& b)
{
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

inline float maxDifference(const std::vector<float>& a, const std::vector<float>& b)
{
    REQUIRE(a.size() == b.size());
    float largest = 0;
    for (size_t i = 0; i < a.size(); i++)
        largest = std::max(largest, std::abs(a[i] - b[i]));
    return largest;
}

} // namespace gorgon::tests
