// SPDX-License-Identifier: Apache-2.0
// What gpu_check and module_check are asked for.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "tests/gpu/identity.h"

namespace gorgon::gpu {

struct CheckOptions
{
    int device = 0;
    std::string only;
    IdentityOptions identity;
    double read_gbs = 0;
};

inline CheckOptions readCheckOptions(int argc, char** argv)
{
    CheckOptions options;
    for (int i = 1; i < argc; i += 2) {
        const std::string name = argv[i];
        if (i + 1 >= argc)
            throw std::runtime_error(name + ": a value was expected");
        const char* const value = argv[i + 1];
        if (name == "--device")
            options.device = std::max(0, std::atoi(value));
        else if (name == "--only")
            options.only = value;
        else if (name == "--prompts")
            options.identity.n_prompts = std::max(1, std::atoi(value));
        else if (name == "--tokens")
            options.identity.n_tokens = std::clamp(std::atoi(value), 1, 1024);
        else if (name == "--longest")
            options.identity.longest_prompt = std::clamp(std::atoi(value), 1, 900);
        else if (name == "--shapes")
            options.identity.most_shapes = std::max(1, std::atoi(value));
        else if (name == "--read-gbs")
            options.read_gbs = std::atof(value);
        else
            throw std::runtime_error(
                name + ": an option was expected; see the head of this program");
    }
    return options;
}

} // namespace gorgon::gpu
