// SPDX-License-Identifier: Apache-2.0
#include "core/hub/download.h"

#include <array>

namespace gorgon {

std::string_view downloadStateName(DownloadState state)
{
    static constexpr std::array<std::string_view, 9> kNames = {"queued", "preparing", "checking",
        "downloading", "waiting", "paused", "done", "failed", "cancelled"};
    static_assert(kNames.size() == size_t(DownloadState::cancelled) + 1);
    return kNames[size_t(state)];
}

} // namespace gorgon
