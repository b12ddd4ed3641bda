// SPDX-License-Identifier: Apache-2.0
// What a device makes of whole models: whether drafted text is plain text, and what steps cost.
// Prints a report in Markdown; ends with 1 where something is wrong. Emulated with the kernels as
// plain C++, where times mean nothing.
//   gpu_check [--device 0] [--prompts 1000] [--tokens 64] [--shapes N] [--only identity|speed]
//             [--read-gbs X]
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>

#include "kernels/cuda/cuda_backend.h"
#include "tests/gpu/identity.h"
#include "tests/gpu/shapes.h"
#include "tests/gpu/speed.h"

namespace gorgon::gpu {

namespace {

struct Options
{
    int device = 0;
    std::string only;
    IdentityOptions identity;
    double read_gbs = 0;
};

Options readOptions(int argc, char** argv)
{
    Options options;
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

int check(const Options& options)
{
    const std::shared_ptr<Backend> backend = cuda::makeCudaBackend(options.device);
    SpeedOptions speed;
#ifdef GORGON_CUDA_EMULATED
    speed = {llama(64, 160, 1, 2, 2, 97), 128, 32, 8, 0};
    const std::vector<DType> formats{DType::bf16, DType::q4};
#else
    speed.config = sevenBillion();
    const std::vector<DType> formats{DType::bf16, DType::q8, DType::q4};
#endif
    speed.read_gbs = options.read_gbs;
    Findings findings;
    if (options.only.empty() || options.only == "identity")
        checkIdentity(backend, options.identity, findings);
    if (options.only.empty() || options.only == "speed")
        measureSpeed(backend, speed, formats);
    if (findings.failures > 0)
        say("\n**%d of the answers above are not as they must be.**", findings.failures);
    return findings.failures > 0 ? 1 : 0;
}

} // namespace

} // namespace gorgon::gpu

int main(int argc, char** argv)
{
    try {
        return gorgon::gpu::check(gorgon::gpu::readOptions(argc, argv));
    } catch (const std::exception& error) {
        std::fprintf(stderr, "gpu_check: %s\n", error.what());
        return 2;
    }
}
