// SPDX-License-Identifier: Apache-2.0
// Models and heads that are known to work together, as the program carries them. Plain values; what
// is not known for certain is absent and is asked from the hub.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gorgon {

/// One repository of weights that a catalogue names.
struct CatalogModel
{
    std::string repository; // ORG/NAME
    std::string revision = "main";
    std::string name; // for people: "Vicuna 7B v1.3"
    std::string format; // of its weights: "safetensors", "pickle"; empty: not known
    std::string licence; // empty: not known
    std::optional<bool> gated; // a licence has to be accepted first
    std::optional<uint64_t> bytes; // of the weights, to be downloaded
    std::string note; // what is worth knowing, a sentence; may be empty
};

struct CatalogBase : CatalogModel
{
    std::string architecture; // model_type: "llama"
    std::optional<uint64_t> n_parameters;
    int64_t dim = 0;
    int64_t vocab = 0; // vocab_size of config.json
};

struct CatalogHeads : CatalogModel
{
    std::string base; // repository; its own where the heads lie in a full model
    std::string kind; // "v1", "v2", "full", "vllm"; empty: not known
    std::optional<int> n_heads; // that the files hold, whatever config.json says
};

/// Repositories with heads that cannot be used, and why.
struct CatalogRefusal
{
    std::string repository;
    std::string reason; // a sentence
};

struct ModelCatalog
{
    std::vector<CatalogBase> bases; // each once; also those without public heads
    std::vector<CatalogHeads> heads;
    std::vector<CatalogRefusal> left_out;

    /// nullptr where it is not in the catalogue. Letters of any case.
    const CatalogBase* base(std::string_view repository) const;
    const CatalogHeads* headsNamed(std::string_view repository) const;
    const CatalogRefusal* refusal(std::string_view repository) const;
    std::vector<const CatalogHeads*> headsOf(std::string_view base) const;
};

/// HubError (badReply) naming `what` where the text is no catalogue: JSON within the usual bounds,
/// every name safe, none twice, every base of heads there.
ModelCatalog parseModelCatalog(std::string_view text, std::string_view what);

/// That of the program.
const ModelCatalog& modelCatalog();

} // namespace gorgon
