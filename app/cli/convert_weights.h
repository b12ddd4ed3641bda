// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/cli/model_options.h"

namespace gorgon {

/// Quantizes a model and its heads into the cache, so that later starts find them there.
int convertWeights(const ModelOptions& options, bool json, Program& program);

} // namespace gorgon
