// SPDX-License-Identifier: GPL-3.0-or-later
// What the command line asks of the window.
#pragma once

#include "ui/theme/theme.h"

#include <QString>
#include <QStringList>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace gorgon {

struct WindowOptions
{
    std::filesystem::path model; // empty: none was found
    std::string heads; // a path, "none", or empty: those found with the model
    std::string device = "auto";
    int n_threads = 0; // 0: as many as the process may use
    int64_t context = 0; // 0: the model's, at most 4096
    QString cache_type = QStringLiteral("auto"); // of keys and values: auto, f32, f16, bf16, q8
    QString prompt; // sent when the model is ready; empty: none
    std::filesystem::path data_folder;
    std::optional<ThemeMode> theme; // none: what was chosen last
    std::optional<int> pace; // steps a second at most, 0: full speed; none: what was chosen last
    QString heartbeat_file; // empty: no measurement
    QString screenshots_folder; // empty: an ordinary window
};

/// Where the demo model lies: GORGON_DEMO_MODEL, then beside the program, then in the sources it
/// was built from. Empty where there is none.
std::filesystem::path findDemoModel();

bool isDemoModel(const std::filesystem::path& folder);

/// Reads the arguments; on --help, --version or wrong usage prints and ends the program.
WindowOptions readOptions(const QStringList& arguments);

/// "Gorgon Demo", "lmsys/vicuna-7b-v1.3": a name for a model folder.
QString modelName(const std::filesystem::path& folder);

} // namespace gorgon
