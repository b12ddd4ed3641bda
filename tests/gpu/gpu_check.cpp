// SPDX-License-Identifier: Apache-2.0
// What a device makes of whole models: whether drafted text is plain text, and what steps cost.
// Prints a report in Markdown; ends with 1 where something is wrong. Emulated with the kernels as
// plain C++, where times mean nothing.
//   gpu_check [--device 0] [--prompts 1000] [--tokens 64] [--longest 300] [--shapes N]
//             [--only identity|answers|speed|early] [--read-gbs X]
// early: few steps, to compare with GORGON_CUDA_EARLY=0.
#include <stdexcept>

#include "kernels/cuda/cuda_backend.h"
#include "tests/gpu/answers.h"
#include "tests/gpu/check_options.h"
#include "tests/gpu/shapes.h"
#include "tests/gpu/speed.h"

namespace gorgon::gpu {

namespace {

int check(const CheckOptions& options)
{
    const std::shared_ptr<Backend> backend = cuda::makeCudaBackend(options.device);
    SpeedOptions speed;
    AnswerOptions answers;
#ifdef GORGON_CUDA_EMULATED
    speed = {llama(64, 160, 1, 2, 2, 97), 64, 16, 6, 0, {1, 24}};
    std::vector<DType> formats{DType::q4};
    answers = {4, kMaxNodes + 20, {{"32 wide, 2 heads of 16", llama(32, 48, 1, 2, 1, 70)}},
        {DType::bf16, DType::q4}};
#else
    speed.config = sevenBillion();
    std::vector<DType> formats{DType::bf16, DType::q8, DType::q4};
#endif
    if (options.only == "early") {
        speed.has_prefill = false;
        speed.tree_sizes = {speed.tree_sizes.front(), speed.tree_sizes.back()};
        formats = {DType::q4};
    }
    speed.read_gbs = options.read_gbs;
    Findings findings;
    if (options.only.empty() || options.only == "identity")
        checkIdentity(backend, options.identity, findings);
    if (options.only.empty() || options.only == "answers")
        checkAnswers(backend, answers, findings);
    if (options.only.empty() || options.only == "speed" || options.only == "early")
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
