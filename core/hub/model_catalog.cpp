// SPDX-License-Identifier: Apache-2.0
#include "core/hub/model_catalog.h"

#include <algorithm>
#include <initializer_list>
#include <set>

#include "core/hub/hub_error.h"
#include "core/hub/hub_json.h"
#include "core/hub/hub_names.h"

namespace gorgon {

extern const char* const kModelCatalog; // resources/model_catalog.json

namespace {

using nlohmann::json;

constexpr size_t kMaxCatalogBytes = size_t(4) << 20;
constexpr uint64_t kMaxParameters = uint64_t(1) << 45;
constexpr int64_t kMaxSize = int64_t(1) << 24; // of a dimension
constexpr int kMaxCatalogHeads = 64;

std::string lowerCase(std::string_view text)
{
    std::string result(text);
    for (char& c : result)
        if (c >= 'A' && c <= 'Z')
            c = char(c - 'A' + 'a');
    return result;
}

template <typename T> const T* findNamed(const std::vector<T>& list, std::string_view repository)
{
    const std::string wanted = lowerCase(repository);
    const auto found = std::find_if(list.begin(), list.end(),
        [&](const T& each) { return lowerCase(each.repository) == wanted; });
    return found == list.end() ? nullptr : &*found;
}

class CatalogReader
{
public:
    explicit CatalogReader(std::string_view what)
        : m_what(what)
    {
    }

    ModelCatalog read(const json& root)
    {
        checkFields(root, {"version", "bases", "heads", "left_out"}, "the catalogue");
        const json& version = root.at("version");
        if (version != 1)
            refuse("version 1 was expected, found " + printable(version.dump(), 20));
        ModelCatalog catalog;
        for (const json& each : list(root, "bases"))
            catalog.bases.push_back(readBase(each));
        for (const json& each : list(root, "heads"))
            catalog.heads.push_back(readHeads(each));
        for (const json& each : list(root, "left_out"))
            catalog.left_out.push_back(readRefusal(each));
        checkReferences(catalog);
        return catalog;
    }

private:
    [[noreturn]] void refuse(const std::string& sentence) const
    {
        throw HubError(HubErrorKind::badReply,
            std::string(m_what) + ": " + sentence + "; take the catalogue that came with the "
                + "program");
    }

    /// Every field is there, be it null, and no other.
    void checkFields(const json& object, std::initializer_list<const char*> names,
        const std::string& where) const
    {
        if (!object.is_object())
            refuse("an object was expected for " + where);
        for (const char* name : names)
            if (!object.contains(name))
                refuse(where + " should have the field " + name);
        if (object.size() != names.size())
            refuse(where + " has fields that no entry has");
    }

    const json& list(const json& root, const char* name) const
    {
        const json& found = root.at(name);
        if (!found.is_array())
            refuse(std::string(name) + " should be a list");
        return found;
    }

    std::string name(const json& entry, const char* field) const
    {
        std::string id = textField(entry, field, m_what);
        if (const auto problem = repositoryProblem(id))
            refuse("\"" + printable(id) + "\" is no name of a repository: " + *problem);
        return id;
    }

    int64_t number(const json& entry, const char* field, int64_t high) const
    {
        const json& value = entry.at(field);
        if (!value.is_number_unsigned() || value == 0 || value > high)
            refuse(std::string(field) + " should be a number from 1 to " + std::to_string(high)
                + ", found " + printable(value.dump(), 40));
        return value.get<int64_t>();
    }

    template <typename T>
    std::optional<T> maybe(const json& entry, const char* field, uint64_t high) const
    {
        if (entry.at(field).is_null())
            return {};
        return T(number(entry, field, int64_t(high)));
    }

    std::string oneOf(
        const json& entry, const char* field, std::initializer_list<const char*> values) const
    {
        std::string text = textField(entry, field, m_what);
        if (!text.empty() && std::find(values.begin(), values.end(), text) == values.end())
            refuse(std::string(field) + " cannot be \"" + printable(text, 40) + "\"");
        return text;
    }

    void readShared(const json& entry, CatalogModel& model) const
    {
        model.repository = name(entry, "repository");
        model.name = textField(entry, "name", m_what);
        if (model.name.empty())
            refuse(model.repository + " should have a name");
        model.format = oneOf(entry, "format", {"safetensors", "pickle"});
        model.licence = textField(entry, "licence", m_what);
        if (const json& gated = entry.at("gated"); !gated.is_null()) {
            if (!gated.is_boolean())
                refuse("gated should be true, false or null");
            model.gated = gated.get<bool>();
        }
        model.bytes = maybe<uint64_t>(entry, "bytes", kMaxFileBytes);
        model.note = textField(entry, "note", m_what);
    }

    CatalogBase readBase(const json& entry) const
    {
        checkFields(entry,
            {"repository", "name", "architecture", "dim", "vocab", "parameters", "format",
                "licence", "gated", "bytes", "note"},
            "a base model");
        CatalogBase base;
        readShared(entry, base);
        base.architecture = textField(entry, "architecture", m_what);
        if (base.architecture.empty())
            refuse(base.repository + " should have an architecture");
        base.dim = number(entry, "dim", kMaxSize);
        base.vocab = number(entry, "vocab", kMaxSize);
        base.n_parameters = maybe<uint64_t>(entry, "parameters", kMaxParameters);
        return base;
    }

    CatalogHeads readHeads(const json& entry) const
    {
        checkFields(entry,
            {"repository", "name", "base", "kind", "heads", "format", "licence", "gated", "bytes",
                "note"},
            "heads");
        CatalogHeads heads;
        readShared(entry, heads);
        heads.base = name(entry, "base");
        heads.kind = oneOf(entry, "kind", {"v1", "v2", "full", "vllm"});
        heads.n_heads = maybe<int>(entry, "heads", kMaxCatalogHeads);
        return heads;
    }

    CatalogRefusal readRefusal(const json& entry) const
    {
        checkFields(entry, {"repository", "reason"}, "an entry of left_out");
        CatalogRefusal refusal{name(entry, "repository"), textField(entry, "reason", m_what)};
        if (refusal.reason.empty())
            refuse(refusal.repository + " should have a reason");
        return refusal;
    }

    void checkReferences(const ModelCatalog& catalog) const
    {
        const auto check_once = [&](const auto& entries) {
            std::set<std::string> seen;
            for (const auto& each : entries)
                if (!seen.insert(lowerCase(each.repository)).second)
                    refuse(each.repository + " is there twice");
        };
        check_once(catalog.bases);
        check_once(catalog.heads);
        check_once(catalog.left_out);
        for (const CatalogHeads& heads : catalog.heads) {
            if (!catalog.base(heads.base))
                refuse("the base " + heads.base + " of " + heads.repository + " is not there");
            if ((heads.kind == "full") != (heads.base == heads.repository))
                refuse(heads.repository + ": heads of a full model are their own base, others not");
        }
        for (const CatalogRefusal& each : catalog.left_out)
            if (catalog.base(each.repository) || catalog.headsNamed(each.repository))
                refuse(each.repository + " is offered and left out");
    }

    std::string_view m_what;
};

} // namespace

const CatalogBase* ModelCatalog::base(std::string_view repository) const
{
    return findNamed(bases, repository);
}

const CatalogHeads* ModelCatalog::headsNamed(std::string_view repository) const
{
    return findNamed(heads, repository);
}

const CatalogRefusal* ModelCatalog::refusal(std::string_view repository) const
{
    return findNamed(left_out, repository);
}

std::vector<const CatalogHeads*> ModelCatalog::headsOf(std::string_view base) const
{
    const std::string wanted = lowerCase(base);
    std::vector<const CatalogHeads*> result;
    for (const CatalogHeads& each : heads)
        if (lowerCase(each.base) == wanted)
            result.push_back(&each);
    return result;
}

ModelCatalog parseModelCatalog(std::string_view text, std::string_view what)
{
    if (text.size() > kMaxCatalogBytes)
        throw HubError(HubErrorKind::badReply,
            std::string(what) + ": a catalogue of at most " + byteCount(kMaxCatalogBytes)
                + " was expected, it has " + byteCount(text.size())
                + "; take the catalogue that came with the program");
    return CatalogReader(what).read(parseHubJson(text, what));
}

const ModelCatalog& modelCatalog()
{
    static const ModelCatalog catalog = parseModelCatalog(kModelCatalog, "model_catalog.json");
    return catalog;
}

} // namespace gorgon
