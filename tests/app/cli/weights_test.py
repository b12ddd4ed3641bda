# SPDX-License-Identifier: GPL-3.0-or-later
"""Weight formats: options, perplexity and caches."""
import json

import cli
from cli import DATA, SOURCE, CliTest

MODEL = DATA / "models" / "llama_mha"
DEMO = SOURCE / "resources" / "demo_model"


def cases():
    return json.loads((MODEL / "cases.json").read_text())["prompts"]


def golden():
    """Held-out conversations with the demo model's own answers, as ids."""
    recorded = json.loads((DEMO / "training" / "golden.json").read_text())["cases"]
    ids = [1]
    for case in recorded:
        ids += case["prompt_ids"][1:] + case["answer_ids"]
    return ids


class Options(CliTest):
    def generate(self, *more):
        ids = self.write("ids.json", cases()[2]["input_ids"])
        return self.run_json("generate", "--model", MODEL, "--tokens-file", ids, "--ignore-eos", "--json",
                             "--max-tokens", 40, *more)

    def test_formats_by_name_and_by_alias(self):
        for name, alias in (("q8", "--load-in-8bit"), ("q4", "--load-in-4bit")):
            named, flagged = self.generate("--weights", name), self.generate(alias)
            self.assertEqual(named["stats"]["weights"], name)
            self.assertEqual(flagged["stats"]["weights"], name)
            self.assertEqual(named["tokens"], flagged["tokens"])

    def test_heads_may_have_another_format(self):
        heads = DATA / "medusa" / "heads" / "llama_mha_trained"
        plain = self.generate("--weights", "q8")["tokens"]
        for name in ("f32", "bf16", "q8", "q4"):
            self.assertEqual(self.generate("--weights", "q8", "--heads", heads, "--head-weights", name)["tokens"], plain)

    def test_wrong_usage(self):
        self.fails(2, "generate", "--prompt", "x", "--weights", "q5")
        self.fails(2, "generate", "--prompt", "x", "--weights", "q4", "--load-in-8bit")
        self.fails(2, "generate", "--prompt", "x", "--load-in-4bit", "--load-in-8bit")


class Perplexity(CliTest):
    def test_quantized_formats_stay_near_on_the_demo_model(self):
        ids = self.write("ids.json", golden())
        for name, limit in (("q8", 0.002), ("q4", 0.03)):
            report = self.run_json("perplexity", "--tokens-file", ids, "--weights", name, "--against", "bf16", "--json")
            self.assertEqual(report["weights"], name)
            self.assertEqual(report["against"]["weights"], "bf16")
            self.assertEqual(report["begin_token"], 1)
            self.assertEqual(report["tokens"], len(golden()) - 1)
            self.assertLess(abs(report["against"]["relative_difference"]), limit)
            self.assertGreater(report["against"]["mean_kl"], 0)
            self.assertLess(report["against"]["mean_kl"], limit)

    def test_a_text_file_and_the_figures_for_people(self):
        text = self.write("story.txt", "Once upon a time, there was a little girl named Lily. She had a red ball.\n" * 5)
        report = self.run_json("perplexity", text, "--json")
        self.assertIsNone(report["against"])
        self.assertGreater(report["tokens"], 50)
        shown = self.run_cli("perplexity", text, "--weights", "q4", "--against", "native").stdout.decode()
        self.assertIn("q4  perplexity", shown)
        self.assertIn("bf16  perplexity", shown)
        self.assertIn("nats a token", shown)

    def test_wrong_input(self):
        self.fails(2, "perplexity")
        self.fails(1, "perplexity", self.folder / "absent.txt")
        self.fails(1, "perplexity", "--tokens-file", self.write("ids.json", [1]))
        self.fails(1, "perplexity", "--model", MODEL, "--tokens-file", self.write("ids.json", [1, 100000]))


if __name__ == "__main__":
    cli.main()
