// SPDX-License-Identifier: Apache-2.0
#include "core/pairs/pair_values.h"

namespace gorgon {

std::string_view fitWord(Fit fit)
{
    switch (fit) {
    case Fit::fits:
        return "Fits";
    case Fit::tight:
        return "Tight";
    case Fit::lacks:
        return "Won't fit";
    default:
        return "Not known";
    }
}

std::string_view pairMatchWord(PairMatch match)
{
    switch (match) {
    case PairMatch::matches:
        return "Matches";
    case PairMatch::likely:
        return "Likely";
    case PairMatch::differs:
        return "Does not match";
    default:
        return "Not known";
    }
}

} // namespace gorgon
