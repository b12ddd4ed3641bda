// SPDX-License-Identifier: Apache-2.0
// What the hub's API answers about models and their files.
#pragma once

#include "tests/support/fake_hub_message.h"

namespace gorgon::tests {

HubReply searchReply(const HubContent& content, const HubRequest& request, size_t page_entries,
    const std::string& hub_address);
HubReply informationReply(const std::string& id, const HubRepository& repository,
    const std::string& commit, const HubRequest& request);
HubReply treeReply(const HubFiles& files, const HubRequest& request, size_t page_entries,
    const std::string& hub_address);

} // namespace gorgon::tests
