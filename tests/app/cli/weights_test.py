# SPDX-License-Identifier: GPL-3.0-or-later
"""Weight formats: options, perplexity and caches."""
import json
import os
import pathlib

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

    def test_narrow_caches_stay_near_on_the_demo_model(self):
        ids = self.write("ids.json", golden())
        for name, limit in (("f16", 1e-5), ("bf16", 1e-3), ("q8", 1e-3)):
            report = self.run_json("perplexity", "--tokens-file", ids, "--weights", "f32", "--cache-type", name,
                                   "--against", "f32", "--json")
            self.assertEqual(report["cache"], name)
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


class Cache(CliTest):
    def convert(self, *more):
        return self.run_json("convert", MODEL, "--json", *more)

    def test_weights_are_made_once(self):
        heads = DATA / "medusa" / "heads" / "llama_mha_trained"
        first = self.convert("--weights", "q8", "--heads", heads)
        self.assertFalse(first["model"]["was_there"] or first["heads"]["was_there"])
        self.assertEqual(pathlib.Path(first["model"]["file"]).parent, self.folder / "cache" / "gorgon" / "weights")
        for part in ("model", "heads"):
            self.assertEqual(pathlib.Path(first[part]["file"]).stat().st_size, first[part]["bytes"])
        again = self.convert("--load-in-8bit", "--heads", heads)
        self.assertTrue(again["model"]["was_there"] and again["heads"]["was_there"])
        self.assertFalse(self.convert("--weights", "q4")["model"]["was_there"])
        shown = self.run_cli("convert", MODEL, "--weights", "q4").stdout.decode()
        self.assertIn("was there", shown)

    def test_text_is_the_same_with_and_without_the_cache(self):
        ids = self.write("ids.json", cases()[2]["input_ids"])
        ask = ["generate", "--model", MODEL, "--tokens-file", ids, "--json", "--ignore-eos", "--weights", "q4"]
        first = self.run_json(*ask)["tokens"]
        self.assertEqual(self.run_json(*ask)["tokens"], first)
        file = pathlib.Path(self.convert("--weights", "q4")["model"]["file"])
        raw = bytearray(file.read_bytes())
        raw[len(raw) // 2] ^= 1
        file.write_bytes(raw)
        done = self.run_cli(*ask)
        self.assertEqual(json.loads(done.stdout)["tokens"], first)
        self.assertEqual(done.stderr.decode().count("damaged"), 1)

    def test_no_room(self):
        blocked = {**os.environ, "XDG_CACHE_HOME": str(self.write("file", "in the way"))}
        ids = self.write("ids.json", [1, 5, 9])
        done = self.run_cli("generate", "--model", MODEL, "--tokens-file", ids, "--weights", "q8", env=blocked)
        self.assertEqual(done.stderr.decode().count("cannot be written"), 1)
        done = self.run_cli("convert", MODEL, "--weights", "q8", env=blocked, status=1)
        self.assertIn("XDG_CACHE_HOME", done.stderr.decode())

    def test_wrong_usage(self):
        self.fails(2, "convert", MODEL)
        self.fails(2, "convert", MODEL, "--weights", "bf16")
        self.fails(2, "convert", MODEL, "--model", MODEL, "--weights", "q8")
        self.fails(1, "convert", self.folder / "absent", "--weights", "q8")


if __name__ == "__main__":
    cli.main()
