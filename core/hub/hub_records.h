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
/// More than any repository has: a listing that goes beyond one of these is refused where it does.
constexpr size_t kMaxListed = 100'000; // entries of any kind
constexpr size_t kMaxListedNames = 200'000; // files, and folders that their paths name
constexpr size_t kMaxListedBytes = size_t(16) << 20; // of all paths together

/// One page of a repository's files, added to `listing`; `paths` holds the names seen so far.
/// HubError (badReply) naming `what` where it is no such list, or one without bounds.
void readListing(
    const nlohmann::json& list, const std::string& what, PathSet& paths, FileListing& listing);
ModelInformation readModelInformation(const nlohmann::json& object, const std::string& repository);

} // namespace gorgon
