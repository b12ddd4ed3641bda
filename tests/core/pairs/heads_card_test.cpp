// SPDX-License-Identifier: Apache-2.0
#include "core/pairs/heads_card.h"

#include <doctest/doctest.h>

#include "tests/support/paths.h"
#include "tests/support/scratch_folder.h"

using namespace gorgon;
using namespace gorgon::tests;
namespace fs = std::filesystem;

namespace {

struct CardBench
{
    ScratchFolder folder;

    explicit CardBench(const std::string& base = "lmsys/vicuna-7b-v1.3")
    {
        fs::copy(
            dataFolder() / "medusa" / "heads" / "llama_mha_trained" / "medusa_lm_head.safetensors",
            folder.path() / "medusa_lm_head.safetensors");
        folder.write("config.json",
            "{\"medusa_num_heads\": 2, \"base_model_name_or_path\": \"" + base + "\"}");
    }
    std::string card() const { return headsCard(folder.path(), "me/heads"); }
};

bool has(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("a card says what the heads are and what is not known of them")
{
    const std::string card = CardBench().card();
    CHECK(card.starts_with("---\n"));
    CHECK(has(card, "base_model: lmsys/vicuna-7b-v1.3\n"));
    CHECK(has(card, "# me/heads"));
    CHECK(has(card, "5 Medusa heads")); // whatever config.json says
    CHECK(has(card, "| Format | v1 (own vocabulary matrix) |"));
    CHECK(has(card, "Data and recipe: unknown."));
    CHECK(has(card, "| Licence | unknown |"));
    CHECK(has(card, "## Accuracy\n\nNot measured."));
    CHECK(has(card, "## Speed\n\nNot measured."));
    CHECK(has(card, "--model lmsys/vicuna-7b-v1.3 --heads me/heads"));
}

TEST_CASE("files beside the heads fill it in")
{
    const CardBench bench;
    bench.folder.write("accuracy.json",
        R"({"heads": 2, "samples": 1234, "hits": [], "accuracies": [[0.615, 0.1], [0.4, 0.05]]})");
    bench.folder.write("bench.json",
        R"({"machine": {"cpu": "Some CPU"}, "weights": "q8", "plain_tps": 10.0,
            "medusa_tps": 23.5, "tokens_per_step": 2.61})");
    bench.folder.write("training.json",
        R"({"data": "ShareGPT, 60,000 conversations", "licence": "mit",
            "recipe": {"epochs": 2, "learning rate": 0.001}, "none": null})");
    const std::string card = bench.card();
    CHECK(has(card, "over 1234 positions"));
    CHECK(has(card, "| 0 | 61.5 % | 10.0 % | | | |"));
    CHECK(has(card, "| 1 | 40.0 % | 5.0 % | | | |"));
    CHECK(has(card, "2.35 times the speed"));
    CHECK(has(card, "2.61 tokens a step"));
    CHECK(has(card, "weights in q8, on Some CPU."));
    CHECK(has(card, "| data | ShareGPT, 60,000 conversations |"));
    CHECK(has(card, "| recipe: epochs | 2 |"));
    CHECK(has(card, "| Licence | mit |"));
    CHECK_FALSE(has(card, "none"));
}

TEST_CASE("what files say cannot break out of the card")
{
    const CardBench bench("N/A");
    bench.folder.write(
        "training.json", R"json({"data": "a | b\n---\nlicense: mit <script>[x](y)"})json");
    bench.folder.write("bench.json", R"({"plain_tps": 0, "medusa_tps": 5})");
    bench.folder.write("accuracy.json", R"({"accuracies": [1, "x", [null]]})");
    const std::string card = bench.card();
    CHECK(has(card, "| Base model | unknown |"));
    CHECK_FALSE(has(card, "base_model:"));
    CHECK_FALSE(has(card, "\nlicense: mit"));
    CHECK_FALSE(has(card, "<script>"));
    CHECK_FALSE(has(card, " | b"));
    CHECK(has(card, "## Speed\n\nNot measured."));
    const CardBench yaml("a/b\\nlicense: x");
    CHECK_FALSE(has(yaml.card(), "base_model:"));
}

TEST_CASE("without sound heads there is no card")
{
    const ScratchFolder empty;
    CHECK_THROWS(headsCard(empty.path(), "me/heads"));
    const CardBench bench;
    bench.folder.write("accuracy.json", "{");
    CHECK_THROWS(bench.card());
}
