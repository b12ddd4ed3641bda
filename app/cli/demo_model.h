// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

namespace gorgon {

/// The bundled model: GORGON_DEMO_MODEL, else that of the installation, else that of the source
/// tree. Throws std::runtime_error where there is none.
std::filesystem::path demoModel();

} // namespace gorgon
