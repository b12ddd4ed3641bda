// SPDX-License-Identifier: Apache-2.0
#include "core/hub/hub_records.h"

#include <algorithm>

#include "core/hub/hub_error.h"
#include "core/hub/hub_json.h"
#include "core/hub/hub_names.h"

namespace gorgon {

namespace {

uint64_t countField(const nlohmann::json& object, const char* name)
{
    const auto found = object.find(name);
    return found != object.end() && found->is_number_unsigned() ? found->get<uint64_t>() : 0;
}

/// false, "auto" or "manual".
Gate gateOf(const nlohmann::json& object)
{
    const auto found = object.find("gated");
    if (found == object.end() || found->is_null() || *found == false)
        return Gate::none;
    return *found == "manual" ? Gate::manual : Gate::automatic;
}

[[noreturn]] void refuseListing(const std::string& what, const std::string& sentence)
{
    throw HubError(HubErrorKind::badReply, what + ": " + sentence);
}

[[noreturn]] void refuseEndless(const std::string& what, size_t most, const std::string& of)
{
    refuseListing(what,
        "a listing of at most " + std::to_string(most) + " " + of
            + " was expected, it holds more; choose another model");
}

/// One entry of a listing into `listing`.
void readEntry(
    const nlohmann::json& entry, const std::string& what, PathSet& paths, FileListing& listing)
{
    const std::string type = textField(entry, "type", what);
    if (type.empty())
        refuseListing(what,
            "files and folders were expected in its listing, found "
                + printable(entry.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace), 40)
                + "; try again or change the mirror");
    if (++listing.n_entries > kMaxListed)
        refuseEndless(what, kMaxListed, "entries");
    if (type != "file")
        return;
    const std::string path = textField(entry, "path", what);
    listing.path_bytes += path.size();
    if (listing.path_bytes > kMaxListedBytes)
        refuseEndless(what, kMaxListedBytes, "bytes of names");
    if (const auto problem = paths.problem(path)) {
        listing.refused.push_back(printable(path) + ": " + *problem);
        return;
    }
    if (paths.nNames() > kMaxListedNames)
        refuseEndless(what, kMaxListedNames, "names");
    RemoteFile file{.path = path, .git_oid = textField(entry, "oid", what), .sha256 = {}};
    file.bytes = sizeField(entry, "size", what);
    if (const auto lfs = entry.find("lfs"); lfs != entry.end() && lfs->is_object()) {
        file.sha256 = textField(*lfs, "oid", what);
        file.bytes = std::max(file.bytes, sizeField(*lfs, "size", what));
    }
    const bool is_sound = (file.git_oid.empty() || isContentHash(file.git_oid))
        && (file.sha256.empty() || (file.sha256.size() == 64 && isContentHash(file.sha256)));
    if (!is_sound)
        throw HubError(HubErrorKind::badReply,
            what + ": hashes of its files were expected, " + printable(path)
                + " has something else; try again or change the mirror");
    listing.files.push_back(std::move(file));
}

} // namespace

void readListing(
    const nlohmann::json& list, const std::string& what, PathSet& paths, FileListing& listing)
{
    if (!list.is_array())
        refuseListing(what, "a list of files was expected, something else was found; try again");
    for (const nlohmann::json& entry : list)
        readEntry(entry, what, paths, listing);
}

std::string searchParameters(const SearchQuery& query)
{
    std::string text;
    const auto add = [&](const char* name, std::string_view value) {
        text += (text.empty() ? "" : "&") + std::string(name) + "=" + urlSegment(value);
    };
    if (!query.words.empty())
        add("search", query.words);
    if (!query.author.empty())
        add("author", query.author);
    for (const std::string& filter : query.filters)
        add("filter", filter);
    if (query.sort != SearchQuery::Sort::relevance) {
        add("sort",
            query.sort == SearchQuery::Sort::downloads   ? "downloads"
                : query.sort == SearchQuery::Sort::likes ? "likes"
                                                         : "lastModified");
        add("direction", "-1");
    }
    add("limit", std::to_string(std::clamp(query.limit, 1, 100)));
    for (const char* field : {"downloads", "likes", "lastModified", "gated", "private", "tags",
             "pipeline_tag", "library_name"})
        add("expand", field);
    return text;
}

FoundModel readFoundModel(const nlohmann::json& object, const std::string& what)
{
    if (!object.is_object())
        throw HubError(HubErrorKind::badReply,
            what + ": facts about a model were expected, something else was found; try again");
    FoundModel model;
    model.id = textField(object, "id", what);
    if (model.id.empty())
        model.id = textField(object, "modelId", what);
    model.last_modified = textField(object, "lastModified", what);
    model.library = textField(object, "library_name", what);
    model.pipeline = textField(object, "pipeline_tag", what);
    model.tags = textsField(object, "tags", what);
    model.n_downloads = countField(object, "downloads");
    model.n_likes = countField(object, "likes");
    model.gate = gateOf(object);
    model.is_private = flagField(object, "private");
    return model;
}

ModelInformation readModelInformation(const nlohmann::json& object, const std::string& repository)
{
    ModelInformation information;
    information.model = readFoundModel(object, repository);
    information.commit = textField(object, "sha", repository);
    if (!isCommit(information.commit))
        throw HubError(HubErrorKind::badReply,
            repository + ": the commit of the revision was expected, found \""
                + printable(information.commit, 60) + "\"; try again or change the mirror");
    if (const auto siblings = object.find("siblings");
        siblings != object.end() && siblings->is_array())
        for (const nlohmann::json& each : *siblings)
            if (std::string path = textField(each, "rfilename", repository); !pathProblem(path))
                information.files.push_back(std::move(path));
    for (const auto& [name, target] :
        {std::pair("cardData", &information.card), std::pair("config", &information.config)})
        if (const auto found = object.find(name); found != object.end() && found->is_object())
            *target = *found;
    const auto licences = textsField(information.card, "license", repository);
    if (!licences.empty())
        information.licence = licences.front();
    for (const std::string& tag : information.model.tags)
        if (information.licence.empty() && tag.starts_with("license:"))
            information.licence = tag.substr(8);
    information.base_models = textsField(information.card, "base_model", repository);
    return information;
}

} // namespace gorgon
