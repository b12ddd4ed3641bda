// SPDX-License-Identifier: GPL-3.0-or-later
// A loaded model in the words of the Details tab.
#pragma once

#include "app/window/open_model.h"
#include "ui/chat/chat_values.h"
#include "ui/details/model_details.h"

namespace gorgon {

ModelDetails modelDetails(const OpenModel& open, const ModelSummary& summary);

} // namespace gorgon
