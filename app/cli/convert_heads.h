// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/cli/program.h"

namespace gorgon {

struct ConvertHeadsArguments
{
    std::string heads;
    std::string out;
    std::string to; // v1, v2, full, vllm, safetensors
    std::string base; // model folder, or empty
    bool force = false;
    bool yes = false; // fetch what is not here
    double shard_gb = 5;
    bool json = false;
};

/// Heads from one format to another.
int convertHeads(const ConvertHeadsArguments& arguments, const Program& program);

} // namespace gorgon
