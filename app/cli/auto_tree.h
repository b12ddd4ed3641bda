// SPDX-License-Identifier: GPL-3.0-or-later
// --tree auto: the tree that is fastest here, refined while text is made.
#pragma once

#include <filesystem>
#include <optional>
#include <span>

#include "app/cli/program.h"
#include "core/eval/auto_tree.h"

namespace gorgon {

/// "7 nodes, 3.1 tokens a step expected at 0.55 ms, against 0.26 ms of a plain step", or that plain
/// decoding is fastest.
std::string words(const TunedTree& found);

/// Does nothing unless the settings ask for the tree "auto".
class AutoTuning
{
public:
    /// Times steps where no times of this model on this machine are kept. `stop` ends that early.
    void prepare(const GenerateSettings& settings, Engine& engine, Session& session,
        const TuningProgress& progress, std::stop_token stop);
    /// The same, with progress on standard error. Throws Interrupted.
    void prepare(
        const GenerateSettings& settings, Engine& engine, Session& session, Program& program);

    /// Where a step begins.
    void apply(GenerateSettings& settings);
    void add(const DecodeStep& step);
    /// Keeps what was counted. What the answer was drafted with by its end, in words; empty where
    /// no step was counted.
    std::string endAnswer(const Model& model);

    const std::optional<TreeTuner>& tuner() const { return m_tuner; }

private:
    std::optional<TreeTuner> m_tuner;
    std::filesystem::path m_file;
    int64_t m_n_tokens = 0; // of the answer so far
    bool m_has_drafted = false; // in this answer
    int64_t m_plain_since = -1; // token of the answer from which on nothing is drafted
};

/// For what needs one tree from the beginning: practises on the prompt, puts the tree into the
/// settings where they ask for it and says so. Throws Interrupted.
void findTreeWhereAuto(GenerateSettings& settings, Engine& engine, Session& session,
    std::span<const int> prompt, Program& program);

} // namespace gorgon
