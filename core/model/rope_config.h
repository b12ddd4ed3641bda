// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model/config_fields.h"
#include "core/model/model_config.h"

namespace gorgon {

/// rope_theta with rope_scaling, or rope_parameters as transformers 5 writes them. Throws
/// std::runtime_error for what is not supported.
RopeConfig readRope(const ConfigFields& fields, int64_t max_context, double default_theta);

} // namespace gorgon
