// SPDX-License-Identifier: Apache-2.0
#include "core/decode/tree_choices.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "core/model/model.h"

namespace gorgon {

extern const char* const kPublishedTrees; // resources/tree_choices.json

namespace {

using Json = nlohmann::json;

const std::map<std::string, Choices>& publishedTrees()
{
    static const auto kTrees = Json::parse(kPublishedTrees).get<std::map<std::string, Choices>>();
    return kTrees;
}

/// The name by which the reference chooses: vicuna of a size, zephyr, else the general one.
std::string publishedNameFor(std::string model_name)
{
    std::transform(model_name.begin(), model_name.end(), model_name.begin(),
        [](unsigned char c) { return char(std::tolower(c)); });
    const auto has = [&](const char* word) { return model_name.find(word) != std::string::npos; };
    for (const char* size : {"7b", "13b", "33b"})
        if (has("vicuna") && has(size))
            return std::string("vicuna_") + size + "_stage2";
    return has("zephyr") ? "zephyr_stage2" : "mc_sim_7b_63";
}

} // namespace

std::vector<std::string> treeNames()
{
    std::vector<std::string> names;
    for (const auto& [name, choices] : publishedTrees())
        names.push_back(name);
    return names;
}

TreeSpec namedTree(const std::string& name)
{
    const auto found = publishedTrees().find(name);
    if (found != publishedTrees().end())
        return {name, found->second};
    std::string message = "tree " + name + ": expected one of";
    for (const std::string& known : treeNames())
        message += " " + known;
    throw std::invalid_argument(message);
}

TreeSpec readTreeFile(const std::filesystem::path& path)
{
    constexpr size_t kLimit = 1 << 20;
    const auto fail = [&](const std::string& what) -> TreeSpec {
        throw std::runtime_error(path.string() + ": expected a JSON list of rank paths, " + what);
    };
    using Type = std::filesystem::file_type;
    std::error_code error;
    const Type type = std::filesystem::status(path, error).type();
    if (type == Type::not_found)
        return fail("found no such file");
    if (type == Type::directory)
        return fail("found a folder");
    // A pipe is what the shell makes of <(command).
    if (type != Type::regular && type != Type::fifo && type != Type::character)
        return fail("it cannot be read");
    std::ifstream file(path, std::ios::binary);
    std::string text(kLimit + 1, '\0');
    file.read(text.data(), std::streamsize(text.size()));
    if (file.bad() || (!file.eof() && file.fail()))
        return fail("it cannot be read");
    text.resize(size_t(file.gcount()));
    if (text.size() > kLimit)
        return fail("found more than 1 MiB");

    // Lists may nest two deep; anything deeper ends the parse at once.
    bool too_deep = false;
    const Json json = Json::parse(
        text,
        [&](int depth, Json::parse_event_t event, Json&) {
            if (event == Json::parse_event_t::array_start && depth > 2)
                too_deep = true;
            return !too_deep;
        },
        false);
    if (too_deep || json.is_discarded() || !json.is_array())
        return fail("found something else");
    Choices choices;
    for (const Json& entry : json) {
        if (!entry.is_array())
            return fail("found an entry that is no list");
        Choice choice;
        for (const Json& rank : entry) {
            if (!rank.is_number_integer() || rank.get<int64_t>() < 0
                || rank.get<int64_t>() >= kMaxTopK)
                return fail("found a rank outside 0 to " + std::to_string(kMaxTopK - 1));
            choice.push_back(rank.get<int>());
        }
        choices.push_back(std::move(choice));
    }
    try {
        makeCandidateTree(choices);
    } catch (const std::invalid_argument& problem) {
        throw std::runtime_error(path.string() + ": " + problem.what());
    }
    return {path.filename().string(), choices};
}

TreeSpec defaultTree(const Model& model)
{
    if (model.heads.empty())
        return {};
    std::filesystem::path folder = model.heads_path;
    if (!std::filesystem::is_directory(folder))
        folder = folder.parent_path();
    const auto searched = folder / "medusa_choices.json";
    std::error_code error;
    TreeSpec tree;
    if (!model.heads_path.empty() && std::filesystem::exists(searched, error))
        tree = readTreeFile(searched);
    else
        tree = namedTree(
            publishedNameFor(model.path.filename().string() + " " + folder.filename().string()));
    tree.choices = fitChoices(tree.choices, int(model.heads.size()), kMaxTopK, kMaxNodes);
    return tree;
}

} // namespace gorgon
