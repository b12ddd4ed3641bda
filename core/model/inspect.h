// SPDX-License-Identifier: Apache-2.0
// What a model folder, a heads folder or a single file of weights is, in words and with every
// problem found.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/model/model_config.h"

namespace gorgon {

struct HeadsReport
{
    std::string path;
    std::string format; // "v1 (own vocabulary matrix)", "v2 (vocabulary matrix of the base)"
    int n_heads = 0; // counted from the tensors
    int n_blocks = 0;
    int64_t width = 0;
    int64_t vocab_rows = 0; // 0: the base's
    uint64_t n_parameters = 0;
    uint64_t n_bytes = 0;
    std::optional<int64_t> stated_heads; // by config.json
    std::optional<int64_t> stated_blocks;
    std::string stated_base;
    std::optional<bool> fits; // the model beside them, by shape; nothing without a model
};

struct ModelReport
{
    std::string path;
    std::string kind; // "model", "heads", "weights", "unreadable"
    std::optional<ModelConfig> config;
    int64_t supported_context = 0;
    std::string file_format; // "safetensors", "torch archive"
    int n_files = 0;
    std::map<std::string, uint64_t> dtypes; // parameters of each stored type; heads not counted
    uint64_t n_parameters = 0;
    uint64_t n_bytes = 0;
    std::optional<HeadsReport> heads;
    std::vector<std::string> unexpected; // tensors that loading ignores, at most 20 of them
    size_t n_unexpected = 0;
    std::vector<std::string> problems; // one sentence each; empty: it loads
};

/// Never throws for what a file holds: that becomes a problem in the report.
ModelReport inspect(const std::filesystem::path& path);

std::string reportText(const ModelReport& report);
nlohmann::json reportJson(const ModelReport& report);

} // namespace gorgon
