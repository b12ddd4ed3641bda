// SPDX-License-Identifier: Apache-2.0
// A model on the device that was chosen for it, or on the processor where that was nobody's wish
// and the device is too small.
#pragma once

#include "core/model/model.h"

namespace gorgon {

struct LoadedModel
{
    std::shared_ptr<const Model> model;
    std::string fallback; // why the processor computes, in a sentence; "": as chosen
};

/// As loadModel. may_fall_back: where the device's memory does not suffice, once more on `cpu`, and
/// on_fallback gets the sentence first. Throws as loadModel.
LoadedModel loadWhereItFits(std::shared_ptr<Backend> backend, bool may_fall_back,
    const CpuOptions& cpu, const LoadOptions& options, const LoadCallback& on_progress = {},
    std::stop_token stop = {}, const std::function<void(const std::string&)>& on_fallback = {});

} // namespace gorgon
