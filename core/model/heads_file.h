// SPDX-License-Identifier: Apache-2.0
// Medusa heads as they are stored: found, counted from their tensors and checked against one
// another.
#pragma once

#include <memory>
#include <optional>

#include "core/model/checkpoint.h"
#include "core/model/heads_names.h"
#include "core/model/heads_statement.h"
#include "core/model/model_config.h"

namespace gorgon {

struct StoredHead
{
    struct Block
    {
        StoredTensor weight; // (width, width)
        StoredTensor bias; // (width), or empty
    };
    std::vector<Block> blocks;
    StoredTensor vocab; // (vocab, width), or empty: the base model's matrix is used
};

struct StoredHeads
{
    std::filesystem::path path; // the file, or the folder of a checkpoint
    std::shared_ptr<const Checkpoint> checkpoint; // keeps the files open
    HeadsNaming naming = HeadsNaming::medusa;
    bool in_full_model = false; // tensors "medusa_head.*" beside those of a base model
    std::vector<StoredHead> heads;
    int n_blocks = 0; // of each head
    bool own_vocab = false;
    bool one_vocab = false; // every head's `vocab` is the same stored tensor (vLLM)
    int64_t width = 0; // hidden size
    int64_t vocab_rows = 0; // 0 without own matrix
    StoredTensor token_map; // (n) tokens that a truncated vocabulary has, or empty (vLLM)
    std::vector<std::string> unknown; // other tensors, in a file that should hold heads alone
    HeadsStatement stated; // never trusted

    /// True where the matrices have a row for each of token_map's tokens only.
    bool isTruncated() const;
};

/// Heads with everything that is wrong with them, one sentence each; sound where there is none.
struct HeadsExamination
{
    StoredHeads heads;
    std::vector<std::string> problems;
};

/// True where the checkpoint holds tensors of Medusa heads, and of nothing else or of a full model.
bool holdsHeads(const Checkpoint& checkpoint);
/// True where it holds heads beside the tensors of a base model.
bool isFullModel(const Checkpoint& checkpoint);

/// Heads in a file, or in a folder: medusa_lm_head.safetensors, medusa_lm_head.pt, a checkpoint
/// with medusa_head.* tensors or in vLLM's layout, rank0.safetensors of TensorRT-LLM. Throws
/// std::runtime_error where there is no file or it cannot be read.
HeadsExamination examineHeads(const std::filesystem::path& path);

/// The same; throws std::runtime_error with the first problem.
StoredHeads openHeads(const std::filesystem::path& path);

/// Heads that lie with a model: medusa_lm_head.* files, medusa_head.* tensors of `checkpoint`, a
/// folder heads/.
std::optional<StoredHeads> findHeads(
    const std::filesystem::path& folder, std::shared_ptr<const Checkpoint> checkpoint);
std::optional<HeadsExamination> findAndExamineHeads(
    const std::filesystem::path& folder, std::shared_ptr<const Checkpoint> checkpoint);

/// "heads are 8 wide, the base model 16"; empty where they fit by shape. A vocabulary matrix may
/// have some rows more than the base knows tokens: padding, which loading leaves out.
std::string headsMismatch(const StoredHeads& heads, const ModelConfig& base);

/// "v1", "v2", "full", "vllm", "tensorrt-llm"; "" where there are no heads.
std::string headsFormat(const StoredHeads& heads);
/// "v1 (own vocabulary matrix)".
std::string headsFormatWords(const StoredHeads& heads);

/// Drops the one matrix that all heads share where it is the base's bit for bit, so that it is held
/// once.
void dropBaseVocab(StoredHeads& heads, const StoredTensor& base_vocab);

} // namespace gorgon
