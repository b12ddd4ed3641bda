// SPDX-License-Identifier: Apache-2.0
// What the hub tells of a repository before anything large is fetched: its listing, its small
// files, the names and shapes of its tensors. Plain values.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace gorgon {

struct FactFile
{
    std::string path;
    uint64_t bytes = 0;
    bool is_here = false; // whole in the cache
};

struct ModelFacts
{
    std::string repository;
    std::string revision;
    std::string commit;
    std::string licence; // empty: not stated
    std::vector<std::string> base_models; // of the card
    std::vector<std::string> tags;
    bool is_gated = false;
    bool is_private = false;

    std::vector<FactFile> files; // that a download takes, small ones first
    std::string problem; // why nothing of it can run here; empty: something can
    bool has_weights = false; // of a base model
    bool has_heads = false; // in a file of their own
    bool has_pickle = false; // no safetensors of something that is needed

    /// Whole texts by path: config.json, quantize_config.json, *.index.json. Whatever of them is
    /// there and small enough.
    std::map<std::string, std::string> texts;
    /// JSON headers of safetensors files by path: those of heads and of unsharded weights.
    std::map<std::string, std::string> headers;
    /// Why some of that could not be read, one sentence: a licence that was not accepted yet.
    std::string unread;

    uint64_t bytes() const
    {
        uint64_t sum = 0;
        for (const FactFile& file : files)
            sum += file.bytes;
        return sum;
    }
    /// Without what the cache has.
    uint64_t missingBytes() const
    {
        uint64_t sum = 0;
        for (const FactFile& file : files)
            sum += file.is_here ? 0 : file.bytes;
        return sum;
    }
};

} // namespace gorgon
