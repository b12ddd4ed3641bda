// SPDX-License-Identifier: Apache-2.0
#include "core/hub/model_catalog.h"

#include <doctest/doctest.h>

#include <set>

#include "core/hub/hub_error.h"
#include "core/hub/hub_names.h"

using namespace gorgon;

namespace {

const char* const kBase = R"({"repository": "a/base", "name": "Base", "architecture": "llama",
    "dim": 8, "vocab": 32, "parameters": null, "format": null, "licence": null, "gated": null,
    "bytes": null, "note": null})";
const char* const kHeads = R"({"repository": "a/heads", "name": "Heads", "base": "a/base",
    "kind": "v1", "heads": 3, "format": "pickle", "licence": "mit", "gated": true, "bytes": 100,
    "note": "A note."})";

std::string catalogue(const std::string& bases, const std::string& heads,
    const std::string& left_out = "", const std::string& version = "1")
{
    return "{\"version\": " + version + ", \"bases\": [" + bases + "], \"heads\": [" + heads
        + "], \"left_out\": [" + left_out + "]}";
}

std::string replaced(std::string text, const std::string& from, const std::string& to)
{
    return text.replace(text.find(from), from.size(), to);
}

std::string problem(const std::string& text)
{
    try {
        parseModelCatalog(text, "list.json");
    } catch (const HubError& error) {
        CHECK(error.kind() == HubErrorKind::badReply);
        return error.what();
    }
    return "";
}

} // namespace

TEST_CASE("the catalogue of the program is whole, and its names are safe")
{
    const ModelCatalog& catalog = modelCatalog();
    CHECK(catalog.bases.size() >= 20);
    CHECK(catalog.heads.size() >= 15);
    CHECK(catalog.left_out.size() >= 5);
    const std::set<std::string> architectures = {"llama", "mistral", "qwen2", "qwen3", "smollm3"};
    std::set<std::string> names;
    for (const CatalogBase& base : catalog.bases) {
        CAPTURE(base.repository);
        CHECK_FALSE(repositoryProblem(base.repository));
        CHECK(base.repository.find('/') != std::string::npos);
        CHECK(architectures.contains(base.architecture));
        CHECK(base.dim % 64 == 0);
        CHECK(base.vocab >= 32000);
        CHECK(names.insert(base.name).second);
        CHECK(base.revision == "main");
    }
    for (const CatalogHeads& heads : catalog.heads) {
        CAPTURE(heads.repository);
        CHECK_FALSE(repositoryProblem(heads.repository));
        const CatalogBase* const base = catalog.base(heads.base);
        REQUIRE(base);
        // Of v1 heads of known number the size follows from the shapes, in 16 bits.
        if (heads.kind == "v1" && heads.n_heads && heads.bytes)
            CHECK(*heads.bytes
                == uint64_t(*heads.n_heads) * 2
                    * uint64_t(base->dim * base->dim + base->dim + base->vocab * base->dim));
    }
    for (const CatalogRefusal& each : catalog.left_out)
        CHECK(each.reason.ends_with('.'));
}

TEST_CASE("names are found in letters of any case, heads by their base")
{
    const ModelCatalog& catalog = modelCatalog();
    const CatalogBase* const base = catalog.base("LMSYS/Vicuna-7B-v1.3");
    REQUIRE(base);
    CHECK(base->dim == 4096);
    const auto heads = catalog.headsOf("lmsys/vicuna-7b-v1.3");
    REQUIRE(heads.size() == 2);
    CHECK(heads.front()->repository == "FasterDecoding/medusa-vicuna-7b-v1.3");
    CHECK(heads.front()->n_heads == 5);
    CHECK(catalog.headsOf("Qwen/Qwen2.5-0.5B-Instruct").empty());
    CHECK(catalog.headsNamed("fasterdecoding/medusa-1.0-zephyr-7b-beta")->base
        == "FasterDecoding/medusa-1.0-zephyr-7b-beta");
    CHECK(catalog.refusal("text-generation-inference/gemma-7b-it-medusa"));
    CHECK_FALSE(catalog.base("no/body"));
}

TEST_CASE("a catalogue is read field by field")
{
    const ModelCatalog catalog = parseModelCatalog(
        catalogue(kBase, kHeads, R"({"repository": "b/c", "reason": "Why."})"), "list.json");
    REQUIRE(catalog.bases.size() == 1);
    CHECK(catalog.bases[0].licence.empty());
    CHECK_FALSE(catalog.bases[0].n_parameters);
    CHECK_FALSE(catalog.bases[0].gated);
    REQUIRE(catalog.heads.size() == 1);
    const CatalogHeads& heads = catalog.heads[0];
    CHECK(heads.kind == "v1");
    CHECK(heads.n_heads == 3);
    CHECK(heads.format == "pickle");
    CHECK(heads.licence == "mit");
    CHECK(heads.gated == true);
    CHECK(heads.bytes == 100);
    CHECK(heads.note == "A note.");
    CHECK(catalog.left_out[0].reason == "Why.");
}

TEST_CASE("what is no catalogue is refused in a sentence")
{
    CHECK(problem(catalogue(kBase, kHeads)).empty());
    const std::string base = kBase, heads = kHeads;
    const std::string bad[] = {
        "",
        "[]",
        "{\"version\": 1}",
        catalogue(base, heads, "", "2"),
        catalogue(base + "," + base, ""),
        catalogue(base + "," + replaced(base, "a/base", "A/BASE"), ""),
        catalogue(base, heads + "," + heads),
        catalogue("", heads),
        catalogue(replaced(base, "a/base", "../../etc"), ""),
        catalogue(replaced(base, "a/base", "a/b/c"), ""),
        catalogue(replaced(base, "\"dim\": 8", "\"dim\": -8"), ""),
        catalogue(replaced(base, "\"dim\": 8", "\"dim\": 99999999999"), ""),
        catalogue(replaced(base, "\"dim\": 8", "\"dimension\": 8"), ""),
        catalogue(replaced(base, "\"dim\": 8", "\"dim\": 8, \"more\": 8"), ""),
        catalogue(replaced(base, "\"name\": \"Base\"", "\"name\": \"\""), ""),
        catalogue(base, replaced(heads, "\"v1\"", "\"v7\"")),
        catalogue(base, replaced(heads, "\"v1\"", "\"full\"")),
        catalogue(base, replaced(heads, "\"heads\": 3", "\"heads\": 65")),
        catalogue(base, replaced(heads, "true", "\"yes\"")),
        catalogue(base, replaced(heads, "\"pickle\"", "\"gguf\"")),
        catalogue(base, heads, R"({"repository": "a/heads", "reason": "Why."})"),
        catalogue(base, heads, R"({"repository": "b/c", "reason": ""})"),
        std::string(5 << 20, ' '),
    };
    for (const std::string& text : bad) {
        CAPTURE(text.substr(0, 400));
        CHECK(problem(text).starts_with("list.json: "));
    }
}
