// SPDX-License-Identifier: Apache-2.0
// The hub's JSON about models, as our values.
#pragma once

#include <string>

#include "core/hub/hub_client.h"
#include "core/hub/hub_names.h"

namespace gorgon {

/// search=...&sort=...&limit=...
std::string searchParameters(const SearchQuery& query);
/// HubError (badReply) naming `what`.
FoundModel readFoundModel(const nlohmann::json& object, const std::string& what);
/// One page of a repository's files, added to `listing`; `paths` holds the names seen so far.
void readListing(
    const nlohmann::json& list, const std::string& what, PathSet& paths, FileListing& listing);
ModelInformation readModelInformation(const nlohmann::json& object, const std::string& repository);

} // namespace gorgon
