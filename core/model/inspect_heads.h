// SPDX-License-Identifier: Apache-2.0
// The part of a report that is about Medusa heads.
#pragma once

#include "core/model/heads_file.h"
#include "core/model/inspect.h"

namespace gorgon {

/// Fills report.heads and adds what is wrong or odd.
void reportHeads(
    const HeadsExamination& examination, const InspectOptions& options, ModelReport& report);

/// Says whether the heads fit a model whose vocabulary matrix may be empty.
void compareHeads(const HeadsExamination& examination, const std::filesystem::path& folder,
    const ModelConfig& base, const StoredTensor& base_vocab, const InspectOptions& options,
    ModelReport& report);

/// One sentence for each way in which config.json is wrong or the tensors are unusual.
void addRemarks(
    const StoredHeads& heads, const HeadsReport& report, std::vector<std::string>& remarks);

/// Reads the tensors and counts what is no number.
UnsoundValues countUnsound(
    const std::map<std::string, StoredTensor>& tensors, const std::stop_token& stop);

/// Well-known models by hidden size and, where it is not 0, size of the vocabulary.
std::vector<std::string> knownBases(int64_t width, int64_t vocab);

} // namespace gorgon
