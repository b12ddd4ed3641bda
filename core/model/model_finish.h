// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model/model.h"

namespace gorgon {

/// Fills what follows from configuration, context and weights: the rope table and the byte counts.
void finishModel(Model& model);

} // namespace gorgon
