// SPDX-License-Identifier: Apache-2.0
#include "core/model/load_report.h"

#include <algorithm>

#include "core/model/architectures/architecture.h"
#include "core/model/file_error.h"
#include "core/model/load_plan.h"
#include "core/model/load_warnings.h"

namespace gorgon {

namespace {

uint64_t parameters(const Matrix& matrix)
{
    return matrix ? uint64_t(matrix.n_out) * uint64_t(matrix.n_in) : 0;
}

uint64_t parameters(const Buffer& vector)
{
    return vector.bytes() / sizeof(float);
}

/// Bytes and parameters of one part.
struct Sum
{
    uint64_t bytes = 0;
    uint64_t n = 0;

    void add(const Matrix& matrix)
    {
        bytes += matrix.data.bytes();
        n += parameters(matrix);
    }
    void add(const Buffer& vector)
    {
        bytes += vector.bytes();
        n += parameters(vector);
    }
};

} // namespace

uint64_t LoadReport::totalBytes() const
{
    uint64_t total = 0;
    for (const Part& part : parts)
        total += part.bytes;
    return total;
}

LoadReport describeModel(const Model& model)
{
    LoadReport report;
    const Architecture* architecture = findArchitecture(model.config.architecture);
    report.architecture = architecture ? architecture->name : model.config.architecture;
    report.memory_type = dtypeName(model.dtype);
    report.rope = ropeWords(model.config);
    report.window = windowWords(model.config);

    Sum embedding, attention, feed_forward, norms, vocabulary, heads;
    embedding.add(model.embedding);
    for (const LayerWeights& layer : model.layers) {
        for (const Matrix* matrix : {&layer.qkv, &layer.output})
            attention.add(*matrix);
        for (const Buffer* vector : {&layer.qkv_bias, &layer.output_bias})
            attention.add(*vector);
        for (const Matrix* matrix : {&layer.gate_up, &layer.down})
            feed_forward.add(*matrix);
        for (const Buffer* vector : {&layer.gate_up_bias, &layer.down_bias})
            feed_forward.add(*vector);
        for (const Buffer* vector :
            {&layer.attention_norm, &layer.q_norm, &layer.k_norm, &layer.mlp_norm})
            norms.add(*vector);
    }
    norms.add(model.final_norm);
    vocabulary.add(model.lm_head);
    for (const MedusaHead& head : model.heads) {
        for (const MedusaHead::Block& block : head.blocks) {
            heads.add(block.weight);
            heads.add(block.bias);
        }
        heads.add(head.vocab);
    }
    const std::pair<const char*, const Sum*> base[]
        = {{"embeddings", &embedding}, {"attention", &attention}, {"feed-forward", &feed_forward},
            {"norms", &norms}, {"vocabulary", &vocabulary}};
    for (const auto& [name, sum] : base) {
        report.n_parameters += sum->n;
        if (sum->bytes > 0)
            report.parts.push_back({name, sum->bytes});
    }
    report.n_head_parameters = heads.n;
    if (!model.heads.empty()) {
        report.parts.push_back({"heads", heads.bytes});
        report.head_memory_type = dtypeName(model.head_dtype);
    }
    report.parts.push_back({"rope table", model.rope_data.bytes()});
    return report;
}

void describeFiles(LoadReport& report, const Model& model, const LoadPlan& plan,
    const Checkpoint& checkpoint, const StoredHeads* heads)
{
    for (const auto& [name, tensor] : checkpoint.tensors())
        if (const uint64_t size = elementBytes(tensor.info->dtype); size > 0 && !isHeadTensor(name))
            report.stored_types[tensor.file->storedAs(*tensor.info)] += tensor.info->bytes / size;
    report.files.push_back(model.path / "config.json");
    const auto addFiles = [&](const Checkpoint& from) {
        for (const auto& file : from.files())
            if (std::find(report.files.begin(), report.files.end(), file->path())
                == report.files.end())
                report.files.push_back(file->path());
    };
    addFiles(checkpoint);
    if (heads && heads->checkpoint)
        addFiles(*heads->checkpoint);

    report.warnings = loadWarnings(model.path, model.config, plan, checkpoint);
    if (!heads)
        return;
    report.head_format = headsFormatWords(*heads);
    for (const std::string& warning : headsWarnings(*heads, model.config, model.path))
        report.warnings.push_back(warning);
    if (heads->stated.heads && *heads->stated.heads != int64_t(heads->heads.size()))
        report.warnings.push_back(shown(heads->path.string(), 4096) + ": config.json says "
            + std::to_string(*heads->stated.heads) + " heads, the tensors are "
            + std::to_string(heads->heads.size()) + "; all of these are loaded");
}

} // namespace gorgon
