// SPDX-License-Identifier: Apache-2.0
// A folder into a repository of the hub, in one commit: small files with it, large ones ahead of it
// by the LFS protocol. What arrived before an interruption is not sent again.
#pragma once

#include <functional>
#include <stop_token>

#include "core/hub/hub_client.h"
#include "core/hub/push.h"

namespace gorgon {

using PushCallback = std::function<void(const PushProgress&)>;

/// Reads and hashes the folder, and asks what the hub has. Changes nothing. Throws HubError: also
/// where there is no token, which uploads need.
PushPlan planPush(HubClient& client, const PushRequest& request,
    const PushCallback& on_progress = {}, const std::stop_token& stop = {});

/// Does it; files that would be replaced are. Throws HubError; calling it again goes on.
PushResult pushFolder(HubClient& client, const PushPlan& plan, const PushCallback& on_progress = {},
    const std::stop_token& stop = {});

} // namespace gorgon
