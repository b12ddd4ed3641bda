// SPDX-License-Identifier: Apache-2.0
// What this machine gives: time of a decode step by nodes, against its own memory and arithmetic.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/decode/engine.h"

namespace gorgon {

struct BenchOptions
{
    int prompt_tokens = 64;
    int new_tokens = 128;
    int repeats = 5;
    std::vector<int> tree_sizes{1, 8, 16, 32, 64};
    TreeSpec tree; // drafted by the Medusa run
    bool plain = true;
    bool medusa = true; // needs heads
    int n_threads = 0; // of the backend; for the bandwidth probe
};

struct MachineFigures
{
    int n_threads = 0;
    double read_gbs = 0; // 1e9 bytes a second, sequential reads by all threads
    double f32_gmacs
        = 0; // 1e9 multiply-adds a second; 0 where the processor has no such instruction
    double bf16_gmacs = 0;
    double int8_gmacs = 0;
};

/// One size of step: a verify pass over `nodes` nodes behind the prompt, vocabulary included.
struct BenchRow
{
    int nodes = 0;
    double us = 0; // median
    double us_p10 = 0;
    double us_p90 = 0;
    uint64_t bytes = 0; // weights and cache read once
    double bandwidth_share = 0; // bytes / us, of the measured read bandwidth
    double roofline_share
        = 0; // the larger of reading and multiplying at the machine's speed, of us
};

struct BenchReport
{
    MachineFigures machine;
    std::string weights; // "bf16"
    std::vector<BenchRow> rows;
    double prefill_tps = 0;
    std::optional<double> plain_tps;
    std::optional<double> medusa_tps;
    std::optional<double> tokens_per_step;
};

/// n tokens that the model itself writes from its first token on, drawn at temperature 0.7 with one
/// seed: a prompt that its heads find neither easier nor harder than its answers. n: 1 to the
/// context.
std::vector<int> ownText(Engine& engine, Session& session, int n);

/// A tree of n nodes for timing: breadth first, four children each.
CandidateTree timedTree(int n_nodes);

/// Sizes are measured in alternation, since the speed of memory changes while one looks. Throws
/// std::runtime_error where an option is out of range.
BenchReport runBench(Engine& engine, Session& session, const BenchOptions& options,
    const std::function<void(int done, int total)>& progress = {}, std::stop_token stop = {});

/// Median microseconds of a plain step and of one with this tree, heads included: what the window
/// shows beside a tree. A few dozen steps; the session is overwritten.
struct StepCosts
{
    double plain_us = 0;
    double tree_us = 0;
};
StepCosts measureStepCosts(
    Engine& engine, Session& session, const CandidateTree& tree, int repeats);

} // namespace gorgon
