// SPDX-License-Identifier: Apache-2.0
#include "core/model/inspect.h"

#include <algorithm>

#include "core/model/base_vocab.h"
#include "core/model/file_error.h"
#include "core/model/inspect_heads.h"
#include "core/model/load_warnings.h"
#include "core/model/packed_weights.h"

namespace gorgon {

namespace {

constexpr size_t kShownNames = 20;

uint64_t parameters(const TensorInfo& info)
{
    const uint64_t size = elementBytes(info.dtype);
    return size == 0 ? 0 : info.bytes / size;
}

class Inspector
{
public:
    Inspector(const std::filesystem::path& path, const InspectOptions& options)
        : m_path(path)
        , m_options(options)
    {
        m_report.path = path.string();
    }

    ModelReport run()
    {
        std::error_code error;
        if (!std::filesystem::is_directory(m_path, error))
            inspectFile();
        else if (isHeadsFolder())
            inspectHeadsAlone();
        else
            inspectModel();
        if (m_options.base && !m_report.heads)
            m_report.remarks.push_back("the model \"" + shown(m_options.base->string(), 4096)
                + "\" was named for heads to be compared with, there are no heads here; it was "
                  "left "
                  "out");
        return std::move(m_report);
    }

private:
    /// Runs one part; what it throws becomes a problem.
    template <typename Part> bool attempt(const Part& part)
    {
        try {
            part();
            return true;
        } catch (const std::exception& error) {
            m_report.problems.emplace_back(error.what());
            return false;
        }
    }

    /// Heads' own folders have a config.json too, but no weights of a model.
    bool isHeadsFolder() const
    {
        if (!Checkpoint::isIn(m_path))
            return exists("medusa_lm_head.safetensors") || exists("medusa_lm_head.pt")
                || exists("rank0.safetensors");
        try {
            const Checkpoint checkpoint = Checkpoint::openFolder(m_path);
            return holdsHeads(checkpoint) && !isFullModel(checkpoint);
        } catch (const std::runtime_error&) {
            return false; // inspectModel says why
        }
    }

    bool exists(const char* name) const
    {
        std::error_code error;
        return std::filesystem::exists(m_path / name, error);
    }

    void inspectFile()
    {
        m_report.kind = "unreadable";
        std::shared_ptr<const Checkpoint> checkpoint;
        if (!attempt(
                [&] { checkpoint = std::make_shared<Checkpoint>(Checkpoint::openFile(m_path)); }))
            return;
        m_report.kind = "weights";
        if (holdsHeads(*checkpoint)) {
            m_report.kind = isFullModel(*checkpoint) ? "weights" : "heads";
            attempt([&] { describeHeads(examineHeads(m_path)); });
        }
        describeWeights(*checkpoint);
    }

    void inspectHeadsAlone()
    {
        m_report.kind = "unreadable";
        attempt([&] {
            const HeadsExamination heads = examineHeads(m_path);
            if (!heads.heads.heads.empty())
                m_report.kind = "heads";
            describeHeads(heads);
            describeWeights(*heads.heads.checkpoint);
        });
    }

    void inspectModel()
    {
        m_report.kind = "model";
        attempt([&] {
            m_report.config = readModelConfig(m_path);
            m_report.supported_context = supportedContext(*m_report.config);
        });
        std::shared_ptr<Checkpoint> checkpoint;
        if (!attempt(
                [&] { checkpoint = std::make_shared<Checkpoint>(Checkpoint::openFolder(m_path)); }))
        {
            if (!m_report.config)
                m_report.kind = "unreadable";
            return;
        }
        const bool unpacked
            = !m_report.config || attempt([&] { unpackWeights(*checkpoint, m_path); });
        describeWeights(*checkpoint);
        attempt([&] {
            if (const auto heads = findAndExamineHeads(m_path, checkpoint))
                describeHeads(*heads, checkpoint);
        });
        if (!m_report.config || !unpacked)
            return;
        attempt([&] {
            const LoadPlan plan = planModel(*m_report.config, *checkpoint, {});
            for (const std::string& warning :
                loadWarnings(m_path, *m_report.config, plan, *checkpoint))
                m_report.remarks.push_back(warning);
            const auto unused = unusedTensors(plan, *checkpoint);
            m_report.n_unexpected = unused.size();
            for (size_t i = 0; i < std::min(unused.size(), kShownNames); ++i)
                m_report.unexpected.push_back(shown(unused[i]));
        });
    }

    void describeWeights(const Checkpoint& checkpoint)
    {
        m_report.n_files = int(checkpoint.files().size());
        m_report.file_format = checkpoint.files().front()->format();
        const bool all_are_heads = m_report.kind == "heads";
        for (const auto& [name, tensor] : checkpoint.tensors()) {
            if (!all_are_heads && isHeadTensor(name))
                continue;
            const uint64_t n = parameters(*tensor.info);
            m_report.dtypes[tensor.file->storedAs(*tensor.info)] += n;
            m_report.n_parameters += n;
            m_report.n_bytes += tensor.file->storedBytes(*tensor.info);
        }
        if (m_options.deep && !all_are_heads)
            attempt([&] { countWeights(checkpoint); });
    }

    /// Heads alone, compared with the base that was named.
    void describeHeads(const HeadsExamination& heads)
    {
        reportHeads(heads, m_options, m_report);
        if (!m_options.base)
            return;
        attempt([&] {
            const ModelConfig base = readModelConfig(*m_options.base);
            Checkpoint checkpoint = Checkpoint::openFolder(*m_options.base);
            unpackWeights(checkpoint, *m_options.base);
            compareHeads(heads, *m_options.base, base, storedVocab(planModel(base, checkpoint, {})),
                m_options, m_report);
        });
    }

    /// Heads that lie with their model.
    void describeHeads(
        const HeadsExamination& heads, const std::shared_ptr<const Checkpoint>& checkpoint)
    {
        if (m_options.base) {
            describeHeads(heads);
            return;
        }
        reportHeads(heads, m_options, m_report);
        if (!m_report.config)
            return;
        StoredTensor vocab;
        try {
            vocab = storedVocab(planModel(*m_report.config, *checkpoint, {}));
        } catch (const std::runtime_error&) {
            // Said by inspectModel.
        }
        compareHeads(heads, m_path, *m_report.config, vocab, m_options, m_report);
    }

    void countWeights(const Checkpoint& checkpoint)
    {
        std::map<std::string, StoredTensor> tensors;
        for (const auto& [name, tensor] : checkpoint.tensors())
            if (!isHeadTensor(name))
                tensors.emplace(name, tensor);
        m_report.unsound = countUnsound(tensors, m_options.stop);
        const UnsoundValues& unsound = *m_report.unsound;
        if (unsound.n_nan + unsound.n_infinite > 0)
            m_report.remarks.push_back(shown(m_path.string(), 4096)
                + ": the weights hold values that are no numbers (" + std::to_string(unsound.n_nan)
                + " NaN, " + std::to_string(unsound.n_infinite) + " infinite), first in "
                + unsound.tensors.front() + "; download or copy them again");
    }

    std::filesystem::path m_path;
    const InspectOptions& m_options;
    ModelReport m_report;
};

} // namespace

ModelReport inspect(const std::filesystem::path& path, const InspectOptions& options)
{
    return Inspector(path, options).run();
}

} // namespace gorgon
