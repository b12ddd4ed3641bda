// SPDX-License-Identifier: Apache-2.0
#include "core/model/load_where_it_fits.h"

namespace gorgon {

LoadedModel loadWhereItFits(std::shared_ptr<Backend> backend, bool may_fall_back,
    const CpuOptions& cpu, const LoadOptions& options, const LoadCallback& on_progress,
    std::stop_token stop, const std::function<void(const std::string&)>& on_fallback)
{
    LoadedModel loaded;
    const bool is_cpu = backend->name() == "cpu";
    try {
        loaded.model = loadModel(std::move(backend), options, on_progress, stop);
        return loaded;
    } catch (const DoesNotFit& problem) {
        if (is_cpu || !may_fall_back)
            throw;
        loaded.fallback = std::string("Computing on the CPU: ") + problem.what() + ".";
    }
    if (on_fallback)
        on_fallback(loaded.fallback);
    loaded.model = loadModel(makeCpuBackend(cpu), options, on_progress, std::move(stop));
    return loaded;
}

} // namespace gorgon
