// SPDX-License-Identifier: Apache-2.0
// What was loaded, in plain values for a view of details. Text from files is fit to print.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace gorgon {

struct LoadReport
{
    struct Part
    {
        std::string name; // "attention"
        uint64_t bytes = 0; // in memory, padding included
    };

    std::string architecture; // "Qwen2"
    uint64_t n_parameters = 0; // of the base model; tied embeddings count once
    uint64_t n_head_parameters = 0;
    std::vector<Part> parts; // only those that there are
    std::string memory_type; // "bf16", of the layers' matrices
    std::string head_memory_type; // "" without heads
    std::string head_format; // as headsFormatWords; "" without heads or without files
    std::map<std::string, uint64_t> stored_types; // "BF16": parameters of the base in the files
    std::string rope; // as ropeWords
    std::string window; // as windowWords
    std::vector<std::filesystem::path> files; // configuration and weights, heads last
    std::vector<std::string> warnings; // one sentence each

    uint64_t totalBytes() const;
};

struct Model;
struct LoadPlan;
struct StoredHeads;
class Checkpoint;

/// Everything that follows from the model itself.
LoadReport describeModel(const Model& model);

/// Adds what the files say. heads may be nullptr.
void describeFiles(LoadReport& report, const Model& model, const LoadPlan& plan,
    const Checkpoint& checkpoint, const StoredHeads* heads);

} // namespace gorgon
