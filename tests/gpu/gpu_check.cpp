// SPDX-License-Identifier: Apache-2.0
// What a device makes of whole models: whether drafted text is plain text, and what steps cost.
// Prints a report in Markdown; ends with 1 where something is wrong. Emulated with the kernels as
// plain C++, where times mean nothing.
//   gpu_check [--device 0] [--prompts 1000] [--tokens 64] [--longest 300] [--shapes N]
//             [--only identity|speed] [--read-gbs X]
#include <stdexcept>

#include "kernels/cuda/cuda_backend.h"
#include "tests/gpu/check_options.h"
#include "tests/gpu/shapes.h"
#include "tests/gpu/speed.h"

namespace gorgon::gpu {

namespace {

int check(const CheckOptions& options)
{
    const std::shared_ptr<Backend> backend = cuda::makeCudaBackend(options.device);
    SpeedOptions speed;
#ifdef GORGON_CUDA_EMULATED
    speed = {llama(64, 160, 1, 2, 2, 97), 64, 16, 6, 0, {1, 24}};
    const std::vector<DType> formats{DType::q4};
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
        return gorgon::gpu::check(gorgon::gpu::readCheckOptions(argc, argv));
    } catch (const std::exception& error) {
        std::fprintf(stderr, "gpu_check: %s\n", error.what());
        return 2;
    }
}
