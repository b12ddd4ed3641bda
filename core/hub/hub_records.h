// SPDX-License-Identifier: Apache-2.0
// The hub's JSON about models, as our values.
#pragma once

#include <string>

#include "core/hub/hub_client.h"

namespace gorgon {

/// search=...&sort=...&limit=...
std::string searchParameters(const SearchQuery& query);
/// HubError (badReply) naming `what`.
FoundModel readFoundModel(const nlohmann::json& object, const std::string& what);
ModelInformation readModelInformation(const nlohmann::json& object, const std::string& repository);

} // namespace gorgon
