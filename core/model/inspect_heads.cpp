// SPDX-License-Identifier: Apache-2.0
#include "core/model/inspect_heads.h"

#include <algorithm>

#include "core/model/file_error.h"
#include "core/model/load_warnings.h"
#include "core/model/stored_values.h"

namespace gorgon {

namespace {

constexpr size_t kShownNames = 20;

/// Each stored tensor of the heads once, by a name to show.
std::map<std::string, StoredTensor> tensorsOf(const StoredHeads& heads)
{
    std::map<std::string, StoredTensor> result;
    const auto add = [&](HeadKey::Part part, size_t i, size_t j, const StoredTensor& tensor) {
        if (tensor)
            result.emplace(headTensorName({heads.naming, part, int(i), int(j)}), tensor);
    };
    for (size_t i = 0; i < heads.heads.size(); ++i) {
        const StoredHead& head = heads.heads[i];
        for (size_t j = 0; j < head.blocks.size(); ++j) {
            add(HeadKey::Part::weight, i, j, head.blocks[j].weight);
            add(HeadKey::Part::bias, i, j, head.blocks[j].bias);
        }
        if (i == 0 || !heads.one_vocab)
            add(heads.one_vocab ? HeadKey::Part::one_vocab : HeadKey::Part::vocab, i,
                head.blocks.size(), head.vocab);
    }
    return result;
}

HeadsReport measure(const StoredHeads& heads, const std::map<std::string, StoredTensor>& tensors)
{
    HeadsReport report;
    report.path = heads.path.string();
    report.format = headsFormat(heads);
    report.description = headsFormatWords(heads);
    report.in_full_model = heads.in_full_model;
    report.n_heads = int(heads.heads.size());
    report.n_blocks = heads.n_blocks;
    report.own_vocab = heads.own_vocab;
    report.one_vocab = heads.one_vocab;
    report.width = heads.width;
    report.vocab_rows = heads.vocab_rows;
    report.n_mapped_tokens = heads.isTruncated() ? heads.token_map.info->shape[0] : 0;
    report.stated = heads.stated;
    for (const StoredHead& head : heads.heads)
        report.n_biases += int(std::count_if(head.blocks.begin(), head.blocks.end(),
            [](const StoredHead::Block& block) { return bool(block.bias); }));
    for (const auto& [name, tensor] : tensors) {
        const uint64_t size = elementBytes(tensor.info->dtype);
        const uint64_t n = size == 0 ? 0 : tensor.info->bytes / size;
        report.dtypes[tensor.info->dtype] += n;
        report.n_parameters += n;
        report.n_bytes += tensor.info->bytes;
    }
    const int64_t vocab = report.n_mapped_tokens > 0 || report.vocab_rows == 0
        ? heads.stated.vocab.value_or(0)
        : report.vocab_rows;
    report.bases = knownBases(report.width, std::max<int64_t>(0, vocab));
    return report;
}

} // namespace

UnsoundValues countUnsound(
    const std::map<std::string, StoredTensor>& tensors, const std::stop_token& stop)
{
    UnsoundValues result;
    for (const auto& [name, tensor] : tensors) {
        const ValueCounts counts = countValues(tensor, stop);
        result.n_nan += counts.n_nan;
        result.n_infinite += counts.n_infinite;
        if (counts.n_nan + counts.n_infinite > 0 && result.tensors.size() < kShownNames)
            result.tensors.push_back(shown(name));
    }
    return result;
}

void reportHeads(
    const HeadsExamination& examination, const InspectOptions& options, ModelReport& report)
{
    const StoredHeads& heads = examination.heads;
    report.problems.insert(
        report.problems.end(), examination.problems.begin(), examination.problems.end());
    const std::map<std::string, StoredTensor> tensors = tensorsOf(heads);
    report.heads = measure(heads, tensors);
    if (heads.heads.empty())
        return;
    addRemarks(heads, *report.heads, report.remarks);
    if (!options.deep && report.heads->n_bytes > options.quick_bytes)
        return;
    report.heads->unsound = countUnsound(tensors, options.stop);
    const UnsoundValues& unsound = *report.heads->unsound;
    if (unsound.n_nan + unsound.n_infinite > 0)
        report.remarks.push_back(shown(heads.path.string(), 4096)
            + ": the heads hold values that are no numbers (" + std::to_string(unsound.n_nan)
            + " NaN, " + std::to_string(unsound.n_infinite) + " infinite), first in "
            + unsound.tensors.front() + "; they will draft badly");
}

void compareHeads(const HeadsExamination& examination, const std::filesystem::path& folder,
    const ModelConfig& base, const StoredTensor& base_vocab, const InspectOptions& options,
    ModelReport& report)
{
    const StoredHeads& heads = examination.heads;
    if (heads.heads.empty() || !report.heads)
        return;
    report.heads->base = folder.string();
    const std::string mismatch = headsMismatch(heads, base);
    report.heads->fits = mismatch.empty() && examination.problems.empty();
    if (!mismatch.empty())
        report.problems.push_back(
            shown(heads.path.string(), 4096) + ": the heads do not fit the model: " + mismatch);
    for (const std::string& warning : headsWarnings(heads, base, folder))
        report.remarks.push_back(warning);
    const bool sound = examination.problems.empty() && mismatch.empty();
    if (!sound || !base_vocab || !heads.own_vocab
        || (!options.deep && report.heads->n_bytes > options.quick_bytes))
        return;
    report.heads->n_base_vocabs = int(std::count_if(heads.heads.begin(), heads.heads.end(),
        [&](const StoredHead& head) { return sameValues(head.vocab, base_vocab, options.stop); }));
}

} // namespace gorgon
