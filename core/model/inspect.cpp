// SPDX-License-Identifier: Apache-2.0
#include "core/model/inspect.h"

#include <algorithm>

#include "core/model/file_error.h"
#include "core/model/heads_file.h"
#include "core/model/load_plan.h"
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
    explicit Inspector(const std::filesystem::path& path)
        : m_path(path)
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

    bool isHeadsFolder() const
    {
        // Heads' own folders have a config.json too, but no weights of a model.
        const bool has_heads = exists("medusa_lm_head.safetensors") || exists("medusa_lm_head.pt");
        return has_heads && !Checkpoint::isIn(m_path);
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
        bool has_heads = false;
        for (const auto& [name, tensor] : checkpoint->tensors())
            has_heads = has_heads || isHeadTensor(name) || name.starts_with("0.0.");
        if (has_heads && attempt([&] { describeHeads(openHeads(m_path)); }))
            m_report.kind = "heads";
        describeWeights(*checkpoint, m_report.kind == "heads");
    }

    void inspectHeadsAlone()
    {
        m_report.kind = "unreadable";
        if (attempt([&] { describeHeads(openHeads(m_path)); }))
            m_report.kind = "heads";
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
        describeWeights(*checkpoint, true);
        attempt([&] {
            if (const std::optional<StoredHeads> heads = findHeads(m_path, checkpoint))
                describeHeads(*heads);
        });
        if (!m_report.config || !unpacked)
            return;
        attempt([&] {
            const auto unused
                = unusedTensors(planModel(*m_report.config, *checkpoint, {}), *checkpoint);
            m_report.n_unexpected = unused.size();
            for (size_t i = 0; i < std::min(unused.size(), kShownNames); ++i)
                m_report.unexpected.push_back(shown(unused[i]));
        });
    }

    void describeWeights(const Checkpoint& checkpoint, bool leave_out_heads)
    {
        m_report.n_files = int(checkpoint.files().size());
        m_report.file_format = checkpoint.files().front()->format();
        const bool all_are_heads = m_report.kind == "heads" && m_report.heads;
        for (const auto& [name, tensor] : checkpoint.tensors()) {
            if (all_are_heads || (leave_out_heads && isHeadTensor(name)))
                continue;
            const uint64_t n = parameters(*tensor.info);
            m_report.dtypes[tensor.file->storedAs(*tensor.info)] += n;
            m_report.n_parameters += n;
            m_report.n_bytes += tensor.file->storedBytes(*tensor.info);
        }
    }

    void describeHeads(const StoredHeads& stored)
    {
        HeadsReport heads;
        heads.path = stored.path.string();
        heads.format = stored.own_vocab ? "v1 (own vocabulary matrix)"
                                        : "v2 (vocabulary matrix of the base)";
        if (stored.in_full_model)
            heads.format += ", in the checkpoint of the model";
        heads.n_heads = int(stored.heads.size());
        heads.n_blocks = stored.n_blocks;
        heads.width = stored.width;
        heads.vocab_rows = stored.vocab_rows;
        heads.stated_heads = stored.stated_heads;
        heads.stated_blocks = stored.stated_blocks;
        heads.stated_base = shown(stored.stated_base);
        const auto count = [&](const StoredTensor& tensor) {
            if (!tensor)
                return;
            heads.n_parameters += parameters(*tensor.info);
            heads.n_bytes += tensor.info->bytes;
        };
        for (const StoredHead& head : stored.heads) {
            for (const StoredHead::Block& block : head.blocks) {
                count(block.weight);
                count(block.bias);
            }
            count(head.vocab);
        }
        if (m_report.config) {
            const std::string mismatch = headsMismatch(stored, *m_report.config);
            heads.fits = mismatch.empty();
            if (!mismatch.empty())
                m_report.problems.push_back(shown(stored.path.string(), 4096)
                    + ": the heads do not fit the model: " + mismatch);
        }
        m_report.heads = std::move(heads);
    }

    std::filesystem::path m_path;
    ModelReport m_report;
};

} // namespace

ModelReport inspect(const std::filesystem::path& path)
{
    return Inspector(path).run();
}

} // namespace gorgon
