// SPDX-License-Identifier: Apache-2.0
// The device as programs come to it: through the module, which is looked for and loaded at run
// time. Few prompts, since gpu_check tries the same code with many. Prints Markdown; ends with 1
// where something is wrong.
//   module_check [--device 0] [--prompts 8] [--tokens 16] [--longest 300]
#include <cstdio>
#include <stdexcept>

#include "kernels/accelerators.h"
#include "tests/gpu/check_options.h"

namespace gorgon::gpu {

namespace {

int check(CheckOptions options)
{
    const std::string name = "cuda:" + std::to_string(options.device);
    say("## The module\n");
    const std::shared_ptr<Backend> by_name = chooseBackend(name, {}).backend;
    say("%s: %s\n", by_name->name().c_str(), by_name->description().c_str());
    const ChosenBackend by_itself = chooseBackend("auto", {});
    Findings findings;
    say("| asked of it | answer |\n| --- | --- |");
    say("| the device that was named | %s |", findings.verdict(by_name->name() == name));
    say("| auto takes a device: %s | %s |", by_itself.backend->name().c_str(),
        findings.verdict(by_itself.backend->name() != "cpu" && by_itself.fallback.empty()));
    options.identity.most_shapes = 1;
    checkIdentity(by_name, options.identity, findings);
    const std::string limitation = by_name->limitation();
    say("\nsteps in graphs: %s%s%s", findings.verdict(limitation.empty()),
        limitation.empty() ? "" : ", it ", limitation.c_str());
    return findings.failures > 0 ? 1 : 0;
}

} // namespace

} // namespace gorgon::gpu

int main(int argc, char** argv)
{
    try {
        gorgon::gpu::CheckOptions options = gorgon::gpu::readCheckOptions(argc, argv);
        return gorgon::gpu::check(options);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "module_check: %s\n", error.what());
        return 2;
    }
}
