// SPDX-License-Identifier: Apache-2.0
// Whether heads belong to a base model, from what the hub tells of both.
#pragma once

#include "core/hub/model_facts.h"
#include "core/pairs/pair_values.h"

namespace gorgon {

/// Never throws for what the facts hold. The same repository twice: a full model with its heads.
PairVerdict judgePair(const ModelFacts& base, const ModelFacts& heads);

} // namespace gorgon
