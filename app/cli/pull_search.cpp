// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/pull_search.h"

#include <sstream>

#include "app/cli/hub_access.h"
#include "core/hub/hub_client.h"
#include "core/hub/model_catalog.h"

namespace gorgon {

namespace {

std::string lowerCase(std::string text)
{
    for (char& c : text)
        if (c >= 'A' && c <= 'Z')
            c = char(c - 'A' + 'a');
    return text;
}

bool matches(const CatalogModel& model, const std::string& words)
{
    const std::string text = lowerCase(model.repository + " " + model.name);
    std::istringstream in(lowerCase(words));
    for (std::string word; in >> word;)
        if (text.find(word) == text.npos)
            return false;
    return true;
}

nlohmann::ordered_json knownJson(const std::string& words)
{
    nlohmann::ordered_json known = nlohmann::ordered_json::array();
    const ModelCatalog& catalog = modelCatalog();
    for (const CatalogHeads& heads : catalog.heads)
        if (matches(heads, words) || matches(*catalog.base(heads.base), words))
            known.push_back(
                {{"name", heads.name}, {"base", heads.base}, {"heads", heads.repository}});
    for (const CatalogBase& base : catalog.bases)
        if (matches(base, words) && catalog.headsOf(base.repository).empty())
            known.push_back({{"name", base.name}, {"base", base.repository}, {"heads", nullptr}});
    return known;
}

} // namespace

int searchHub(const std::string& words, bool json, const Program& program)
{
    const nlohmann::ordered_json known = knownJson(words);
    const auto context = std::make_shared<HttpContext>(*openHub(program));
    context->settings.n_retries = 2; // somebody waits
    HubClient client(context);
    SearchQuery query;
    query.words = words;
    query.limit = 20;
    const SearchPage page = client.search(query, program.interrupt.token());
    if (json) {
        nlohmann::ordered_json found = nlohmann::ordered_json::array();
        for (const FoundModel& model : page.models)
            found.push_back({{"repository", model.id}, {"downloads", model.n_downloads},
                {"likes", model.n_likes}, {"gated", model.gate != Gate::none},
                {"modified", model.last_modified}});
        printJson({{"known", known}, {"found", found}});
        return kDone;
    }
    for (const auto& pair : known) {
        const bool has_heads = !pair["heads"].is_null();
        print(pair["base"].get<std::string>()
            + (has_heads ? "  --heads " + pair["heads"].get<std::string>()
                         : std::string("  (no public heads are known)"))
            + "\n");
    }
    if (!known.empty() && !page.models.empty())
        print("\n");
    for (const FoundModel& model : page.models)
        print(forOutput(model.id) + "  " + std::to_string(model.n_downloads) + " downloads"
            + (model.gate == Gate::none ? "" : ", a licence to accept") + "\n");
    if (known.empty() && page.models.empty())
        program.note(words + ": nothing was found; try fewer words");
    return kDone;
}

} // namespace gorgon
