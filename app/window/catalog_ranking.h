// SPDX-License-Identifier: GPL-3.0-or-later
// Which pairs of the catalogue suit this computer, before the hub was asked: by the number of
// parameters, known or read from the name.
#pragma once

#include "core/pairs/judge_fit.h"
#include "ui/models/hub_values.h"

#include <optional>
#include <string_view>

namespace gorgon {

/// Of the device that takes most.
struct Room
{
    QString device;
    uint64_t bytes = 0; // free; 0: not known
    bool is_processor = true;
};
Room roomOf(const std::vector<FitDevice>& devices);

/// "lmsys/vicuna-7b-v1.3": 7 000 million. Nothing where the name does not say.
std::optional<double> parametersInName(std::string_view name);

/// Of the entry that is_recommended.
Badge recommendedBadge();

/// Adds a badge to each, marks the one that suits best, and sorts: that first, then what fits,
/// pairs with heads before others, the largest first.
void rankEntries(QVector<PairEntry>& entries, const Room& room);

} // namespace gorgon
