// SPDX-License-Identifier: Apache-2.0
#include "core/model/convert_heads.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "core/model/base_vocab.h"
#include "core/model/file_error.h"
#include "core/model/heads_output.h"
#include "core/model/new_file.h"
#include "core/model/packed_weights.h"
#include "core/model/plain_file.h"

namespace gorgon {

namespace {

constexpr std::array<std::pair<const char*, HeadsFormat>, 5> kFormats
    = {{{"v1", HeadsFormat::v1}, {"v2", HeadsFormat::v2}, {"full", HeadsFormat::full},
        {"vllm", HeadsFormat::vllm}, {"safetensors", HeadsFormat::safetensors}}};

// What a model's folder holds beside its weights and its config.json.
constexpr const char* kCompanions[] = {"generation_config.json", "tokenizer.model",
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
    "vocab.json", "merges.txt", "chat_template.jinja", "chat_template.json", "medusa_choices.json"};
constexpr uint64_t kMaxCompanionBytes = uint64_t(256) << 20;
constexpr uint64_t kSpareBytes = uint64_t(1) << 20; // for headers and the file system

struct OutputFile
{
    std::string name;
    std::vector<OutputTensor> tensors;
};

std::filesystem::path folderOf(const std::filesystem::path& path)
{
    std::error_code error;
    return std::filesystem::is_directory(path, error) ? path : path.parent_path();
}

/// True where removing `target` would remove `source`.
bool holds(const std::filesystem::path& target, const std::filesystem::path& source)
{
    std::error_code error;
    const auto inner = std::filesystem::weakly_canonical(std::filesystem::absolute(source), error);
    const auto outer = std::filesystem::weakly_canonical(target, error);
    const auto [end, ignored]
        = std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end());
    return end == outer.end();
}

class Converter
{
public:
    Converter(const ConvertHeadsOptions& options, const LoadCallback& on_progress,
        const std::stop_token& stop)
        : m_options(options)
        , m_on_progress(on_progress)
        , m_stop(stop)
        , m_heads(openHeads(options.heads))
        , m_to(options.to)
    {
    }

    ConvertedHeads run()
    {
        if (m_to == HeadsFormat::safetensors)
            m_to = m_heads.naming == HeadsNaming::vllm ? HeadsFormat::vllm
                : m_heads.own_vocab                    ? HeadsFormat::v1
                                                       : HeadsFormat::v2;
        openBase();
        const bool as_file = m_options.out.extension() == ".safetensors";
        if (as_file && (m_to == HeadsFormat::full || m_to == HeadsFormat::vllm))
            failFile(m_options.out,
                "a folder was expected for this format, which has a config.json of its own");
        const HeadsOutput output = outputHeads(m_heads, m_to, base(), m_stop);
        const nlohmann::json config = outputConfig(m_heads, m_to, base(), output);
        m_result.notes = output.notes;
        planFiles(output);

        NewFolder folder(m_options.out,
            as_file ? NewFolder::Result::file : NewFolder::Result::folder, m_options.replace);
        checkPlace(folder);
        for (const OutputFile& file : m_files)
            writeWeights(folder.path(), file);
        if (!as_file) {
            writeText(folder.path() / "config.json", config.dump(2) + "\n");
            writeIndex(folder.path());
            copyCompanions(folder.path());
        }
        verify(as_file ? folder.path() / m_files.front().name : folder.path());
        folder.commit(m_files.front().name);
        return finish(folder.target());
    }

private:
    const HeadsBase* base() const { return m_base ? &*m_base : nullptr; }

    void openBase()
    {
        // A full model is the base of its heads.
        const bool needs_base = m_to == HeadsFormat::full
            || (m_to == HeadsFormat::v2 && m_heads.own_vocab)
            || (m_to != HeadsFormat::v2 && !m_heads.own_vocab);
        HeadsBase found;
        if (m_options.base)
            found.folder = *m_options.base;
        else if (m_heads.in_full_model && needs_base)
            found.folder = folderOf(m_heads.path);
        else if (m_to == HeadsFormat::full)
            failFile(m_heads.path,
                "a full model holds the base model too; give that model with --model");
        else
            return;
        found.config = readModelConfig(found.folder);
        found.checkpoint = std::make_shared<Checkpoint>(Checkpoint::openFolder(found.folder));
        const auto unpacked = std::make_shared<Checkpoint>(Checkpoint::openFolder(found.folder));
        unpackWeights(*unpacked, found.folder);
        found.vocab = storedVocab(planModel(found.config, *unpacked, {}));
        found.unpacked = unpacked;
        if (found.vocab && found.vocab.file->storedAs(*found.vocab.info) != found.vocab.info->dtype)
            found.vocab = {};
        if (const std::string mismatch = headsMismatch(m_heads, found.config);
            !mismatch.empty() && !m_heads.isTruncated())
            failFile(m_heads.path, "the heads do not fit the model: " + mismatch);
        m_base = std::move(found);
    }

    void planFiles(const HeadsOutput& output)
    {
        if (m_to != HeadsFormat::full) {
            const char* name
                = m_to == HeadsFormat::vllm ? "model.safetensors" : "medusa_lm_head.safetensors";
            m_files.push_back({name, output.tensors});
            return;
        }
        std::vector<OutputTensor> tensors;
        for (const auto& [name, tensor] : m_base->checkpoint->tensors())
            if (!isHeadTensor(name))
                tensors.push_back({name, tensor, {}});
        tensors.insert(tensors.end(), output.tensors.begin(), output.tensors.end());
        uint64_t bytes = 0;
        for (OutputTensor& tensor : tensors) {
            if (m_files.empty() || bytes + tensor.bytes() > m_options.shard_bytes) {
                m_files.emplace_back();
                bytes = 0;
            }
            bytes += tensor.bytes();
            m_files.back().tensors.push_back(std::move(tensor));
        }
        if (m_files.size() == 1)
            m_files.front().name = "model.safetensors";
        else
            for (size_t i = 0; i < m_files.size(); ++i) {
                char name[64];
                std::snprintf(
                    name, sizeof name, "model-%05zu-of-%05zu.safetensors", i + 1, m_files.size());
                m_files[i].name = name;
            }
    }

    void checkPlace(const NewFolder& folder)
    {
        for (const auto& source : {std::optional(m_options.heads), m_options.base})
            if (source && holds(folder.target(), *source))
                failFile(folder.target(),
                    "a new place was expected, this one holds what is converted; choose another");
        for (const OutputFile& file : m_files)
            m_progress.total_bytes += totalBytes(file.tensors);
        const uint64_t free = folder.freeBytes();
        if (m_progress.total_bytes + kSpareBytes > free)
            failFile(folder.target(),
                bytesText(m_progress.total_bytes) + " are needed, " + bytesText(free)
                    + " are free on this disk; free some space or choose another disk");
    }

    void writeWeights(const std::filesystem::path& folder, const OutputFile& file)
    {
        m_progress.what = file.name;
        writeSafetensors(
            folder / file.name, file.tensors,
            [&](uint64_t bytes) {
                m_progress.done_bytes += bytes;
                if (m_on_progress)
                    m_on_progress(m_progress);
            },
            m_stop);
        m_result.files.push_back(file.name);
    }

    void writeText(const std::filesystem::path& path, const std::string& text)
    {
        NewFile file(path);
        file.write(text);
        file.close();
        m_result.files.push_back(path.filename().string());
    }

    void writeIndex(const std::filesystem::path& folder)
    {
        if (m_files.size() < 2)
            return;
        nlohmann::json index = {{"metadata", {{"total_size", m_progress.total_bytes}}}};
        for (const OutputFile& file : m_files)
            for (const OutputTensor& tensor : file.tensors)
                index["weight_map"][tensor.name] = file.name;
        writeText(folder / "model.safetensors.index.json", index.dump(2) + "\n");
    }

    // A full model is loaded without its base, so the tokenizer goes with it.
    void copyCompanions(const std::filesystem::path& folder)
    {
        copyCompanion(folder, "medusa_choices.json", folderOf(m_heads.path));
        if (m_to != HeadsFormat::full)
            return;
        for (const char* name : kCompanions)
            copyCompanion(folder, name, m_base->folder);
    }

    void copyCompanion(
        const std::filesystem::path& folder, const char* name, const std::filesystem::path& from)
    {
        std::error_code error;
        if (!std::filesystem::exists(from / name, error)
            || std::filesystem::exists(folder / name, error))
            return;
        const PlainFile file(from / name);
        if (file.bytes() > kMaxCompanionBytes)
            failFile(from / name,
                "at most " + bytesText(kMaxCompanionBytes) + " were expected, the file has "
                    + bytesText(file.bytes()));
        writeText(folder / name, file.text(0, file.bytes()));
    }

    void verify(const std::filesystem::path& path)
    {
        const StoredHeads written = openHeads(path);
        if (written.heads.size() != m_heads.heads.size() || written.width != m_heads.width
            || written.n_blocks != m_heads.n_blocks)
            failFile(m_options.out, "what was written does not read back; please report it");
    }

    ConvertedHeads finish(const std::filesystem::path& out)
    {
        m_result.out = out;
        for (const auto& [name, format] : kFormats)
            if (format == m_to)
                m_result.format = name;
        m_result.n_heads = int(m_heads.heads.size());
        m_result.n_bytes = m_progress.total_bytes;
        if (m_options.out.extension() == ".safetensors")
            m_result.files = {out.filename().string()};
        return std::move(m_result);
    }

    const ConvertHeadsOptions& m_options;
    const LoadCallback& m_on_progress;
    std::stop_token m_stop;
    StoredHeads m_heads;
    HeadsFormat m_to;
    std::optional<HeadsBase> m_base;
    std::vector<OutputFile> m_files;
    LoadProgress m_progress;
    ConvertedHeads m_result;
};

} // namespace

std::optional<HeadsFormat> headsFormat(const std::string& name)
{
    for (const auto& [known, format] : kFormats)
        if (name == known)
            return format;
    return {};
}

ConvertedHeads convertHeads(const ConvertHeadsOptions& options, const LoadCallback& on_progress,
    const std::stop_token& stop)
{
    return Converter(options, on_progress, stop).run();
}

} // namespace gorgon
