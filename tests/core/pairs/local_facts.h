// SPDX-License-Identifier: Apache-2.0
// The facts that a hub would tell of a folder on this disk.
#pragma once

#include <filesystem>
#include <string>

#include "core/hub/model_facts.h"
#include "tests/support/scratch_folder.h"

namespace gorgon::tests {

inline ModelFacts factsOf(const std::filesystem::path& folder, const std::string& repository)
{
    namespace fs = std::filesystem;
    ModelFacts facts;
    facts.repository = repository;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        if (!entry.is_regular_file() || name == "expected.safetensors" || name == "cases.json")
            continue;
        facts.files.push_back({name, entry.file_size(), false});
        const bool is_weights = name.starts_with("model") || name.starts_with("pytorch_model");
        facts.has_weights |= is_weights;
        facts.has_heads |= name.starts_with("medusa_lm_head");
        if (name == "config.json" || name.ends_with(".index.json"))
            facts.texts[name] = bytesOf(entry.path());
        if (name == "model.safetensors" || name == "medusa_lm_head.safetensors") {
            const std::string bytes = bytesOf(entry.path());
            uint64_t n = 0;
            for (int i = 7; i >= 0; --i)
                n = n << 8 | uint8_t(bytes.at(size_t(i)));
            facts.headers[name] = bytes.substr(8, n);
        }
    }
    return facts;
}

} // namespace gorgon::tests
