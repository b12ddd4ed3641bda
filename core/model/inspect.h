// SPDX-License-Identifier: Apache-2.0
// What a model folder, a heads folder or a single file of weights is, in words and with every
// problem found.
#pragma once

#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/model/heads_statement.h"
#include "core/model/model_config.h"

namespace gorgon {

/// Values that are no numbers, where they were counted.
struct UnsoundValues
{
    uint64_t n_nan = 0;
    uint64_t n_infinite = 0;
    std::vector<std::string> tensors; // that hold some, at most 20
};

struct HeadsReport
{
    std::string path;
    std::string format; // "v1", "v2", "full", "vllm", "tensorrt-llm"; "" where there are no heads
    std::string description; // the format in words
    bool in_full_model = false;
    int n_heads = 0; // counted from the tensors
    int n_blocks = 0; // of each head
    int n_biases = 0; // of all blocks of all heads
    bool own_vocab = false;
    bool one_vocab = false; // own, but the same for all heads
    int64_t width = 0;
    int64_t vocab_rows = 0; // 0: the base's
    int64_t n_mapped_tokens = 0; // of a truncated vocabulary; 0: all tokens
    std::map<std::string, uint64_t> dtypes; // parameters of each stored type
    uint64_t n_parameters = 0;
    uint64_t n_bytes = 0;
    HeadsStatement stated; // by config.json
    std::vector<std::string> bases; // well-known models of this width and vocabulary
    std::string base; // the model that they were compared with, "" without one
    std::optional<bool> fits; // that model, by shape
    std::optional<int>
        n_base_vocabs; // heads whose matrix is that model's bit for bit; where counted
    std::optional<UnsoundValues> unsound; // where counted
};

struct ModelReport
{
    std::string path;
    std::string kind; // "model", "heads", "weights", "unreadable"
    std::optional<ModelConfig> config;
    int64_t supported_context = 0;
    std::string file_format; // "safetensors", "torch archive"
    int n_files = 0;
    std::map<std::string, uint64_t>
        dtypes; // parameters of each stored type; a model's heads not counted
    uint64_t n_parameters = 0;
    uint64_t n_bytes = 0;
    std::optional<HeadsReport> heads;
    std::optional<UnsoundValues> unsound; // of the model's own weights, where counted
    std::vector<std::string> unexpected; // tensors that loading ignores, at most 20 of them
    size_t n_unexpected = 0;
    std::vector<std::string> problems; // one sentence each; empty: it loads
    std::vector<std::string> remarks; // what is odd and does not keep it from loading
};

struct InspectOptions
{
    std::optional<std::filesystem::path> base; // model that heads should fit
    bool deep = false; // reads every weight for values that are no numbers
    uint64_t quick_bytes = uint64_t(4) << 20; // heads up to this size are read without `deep`
    std::stop_token stop; // throws LoadCancelled
};

/// Never throws for what a file holds: that becomes a problem in the report.
ModelReport inspect(const std::filesystem::path& path, const InspectOptions& options = {});

std::string reportText(const ModelReport& report);
nlohmann::json reportJson(const ModelReport& report);

} // namespace gorgon
