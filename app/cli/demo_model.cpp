// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/demo_model.h"

#include <cstdlib>
#include <stdexcept>

namespace gorgon {

std::filesystem::path demoModel()
{
    if (const char* chosen = std::getenv("GORGON_DEMO_MODEL"); chosen && *chosen)
        return chosen;
    std::error_code error;
    const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
    const std::filesystem::path installed
        = program.parent_path().parent_path() / "share" / "gorgon" / "demo_model";
    const std::filesystem::path source
        = std::filesystem::path(GORGON_SOURCE_DIR) / "resources" / "demo_model";
    for (const std::filesystem::path& folder : {installed, source})
        if (std::filesystem::exists(folder / "config.json", error))
            return folder;
    throw std::runtime_error(installed.string()
        + ": expected the demo model, found none; choose a model with --model or set "
          "GORGON_DEMO_MODEL");
}

} // namespace gorgon
