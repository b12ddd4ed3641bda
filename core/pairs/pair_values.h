// SPDX-License-Identifier: Apache-2.0
// What is known of a base model and heads before they are downloaded: whether they belong together
// and what they need. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gorgon {

enum class PairMatch
{
    matches, // named for one another, and the shapes agree as far as they are known
    likely, // the shapes agree; nothing says that they were trained together
    differs, // they cannot run together, or were made for another model
    unknown, // too little is told
};

struct PairVerdict
{
    PairMatch match = PairMatch::unknown;
    std::string reason; // one sentence
};

enum class Fit
{
    fits,
    tight, // less than a tenth of what is free stays free
    lacks, // too little is free
    unknown,
};

/// One line of a sum.
struct FitLine
{
    std::string what; // "base model in q8"
    uint64_t bytes = 0;
};

/// One weight format on one device.
struct FormatFit
{
    std::string weights; // "native", "bf16", "q8", "q4"
    Fit fit = Fit::unknown;
    std::vector<FitLine> lines; // that add up to `bytes`
    uint64_t bytes = 0;
};

struct DeviceFit
{
    std::string device; // "cpu", "cuda:0"
    std::string description; // in words
    uint64_t free_bytes = 0;
    std::vector<FormatFit> formats; // native, bf16, q8, q4
    /// The widest format that fits, else the widest that is tight; -1: none.
    int best = -1;
};

struct PairFit
{
    int64_t context = 0; // positions it was judged for
    int64_t max_context = 0; // that the model was made for; 0: not known
    int n_heads = 0; // counted or concluded from sizes; 0: none or not known
    std::vector<DeviceFit> devices; // accelerators first
    std::string problem; // why it cannot be judged or cannot run, one sentence; empty: it was

    /// What it comes to on the device that takes it best: fits before tight before lacks.
    Fit fit = Fit::unknown;
    std::string sentence; // "q8 fits on cuda:0: 8.3 GB of 79.1 GB free"
};

struct DiskFit
{
    Fit fit = Fit::unknown;
    uint64_t missing_bytes = 0; // still to be fetched
    uint64_t free_bytes = 0; // where the cache lies
    std::vector<FitLine> lines; // missing of each repository
    std::string sentence;
};

/// "Fits", "Tight", "Won't fit", "Not known".
std::string_view fitWord(Fit fit);
/// "Matches", "Likely", "Does not match", "Not known".
std::string_view pairMatchWord(PairMatch match);

} // namespace gorgon
