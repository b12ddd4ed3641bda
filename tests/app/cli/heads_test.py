# SPDX-License-Identifier: GPL-3.0-or-later
"""inspect and convert: what heads are, and heads from one format to another."""
import json
import os

import cli
from cli import DATA, SOURCE, CliTest

BASE = DATA / "models" / "llama_mha"
HEADS = DATA / "medusa" / "heads"


class Inspect(CliTest):
    def test_heads_as_text_and_as_json(self):
        report = self.run_json("inspect", HEADS / "llama_mha_trained", "--model", BASE, "--json")
        self.assertEqual(report["kind"], "heads")
        self.assertEqual(report["problems"], [])
        heads = report["heads"]
        self.assertEqual((heads["format"], heads["heads"], heads["blocks"], heads["width"], heads["vocab_rows"]),
                         ("v1", 5, 1, 64, 320))
        self.assertTrue(heads["fits"])
        self.assertEqual(heads["unsound_values"]["nan"], 0)
        text = self.run_cli("inspect", HEADS / "llama_mha_bare").stdout.decode()
        self.assertIn("3 of 1 block, 64 wide", text)
        self.assertIn("v2 (vocabulary matrix of the base)", text)

    def test_heads_that_do_not_fit_are_status_1_with_a_whole_report(self):
        done = self.run_cli("inspect", HEADS / "llama_mha_trained", "--model", DATA / "models" / "llama3_gqa_tied",
                            "--json", status=1)
        self.assertIn("heads are 64 wide, the base model 96", json.loads(done.stdout)["problems"][0])
        self.assertEqual(len(done.stderr.splitlines()), 1)

    def test_what_is_odd_is_remarked_on(self):
        model = self.folder / "model"
        model.mkdir()
        for name in ("model.safetensors", "config.json"):
            (model / name).write_bytes((BASE / name).read_bytes())
        config = json.loads((BASE / "config.json").read_text())
        (model / "config.json").write_text(json.dumps({**config, "num_hidden_layers": 2}))
        self.assertTrue(any("they hold 3 layers" in remark
                            for remark in self.run_json("inspect", model, "--json")["remarks"]))
        ask = ["generate", "--model", model, "--tokens-file", self.write("ids.json", [1, 5, 9]), "--max-tokens", "2"]
        self.assertEqual(self.run_cli(*ask).stderr.decode().count("they hold 3 layers"), 1)
        self.assertEqual(self.run_cli(*ask, "--quiet").stderr, b"")
        both = ["perplexity", "--model", model, "--tokens-file", self.write("ids.json", [1, 5, 9]),
                "--weights", "q8", "--against", "bf16"]
        self.assertEqual(self.run_cli(*both).stderr.decode().count("they hold 3 layers"), 1)
        demo = SOURCE / "resources" / "demo_model"
        self.assertFalse(any("tokenizer" in remark for remark in self.run_json("inspect", demo, "--json")["remarks"]))
        (model / "config.json").write_text(json.dumps(config))
        (model / "tokenizer.model").write_bytes((demo / "tokenizer.model").read_bytes())
        text = self.run_cli("inspect", model, "--model", BASE).stdout.decode()
        self.assertRegex(text, "the tokenizer has [0-9]+ tokens, the model's vocabulary 320; text cannot use")
        self.assertIn("there are no heads here; it was left out", text)

    def test_deep_reads_a_model(self):
        self.assertEqual(self.run_json("inspect", BASE, "--deep", "--json")["unsound_values"],
                         {"nan": 0, "infinite": 0, "tensors": []})
        self.assertIsNone(self.run_json("inspect", BASE, "--json")["unsound_values"])


class Convert(CliTest):
    def tokens(self, model, *heads):
        ids = self.write("ids.json", [1, 5, 9, 12])
        return self.run_json("generate", "--model", model, *heads, "--tokens-file", ids, "--max-tokens", "24",
                             "--ignore-eos", "--json")

    def test_every_format_generates_the_same_in_the_same_steps(self):
        for name in ("llama_mha_trained", "llama_mha_bare"):
            expected = self.tokens(BASE, "--heads", HEADS / name)
            for form in ("v1", "v2", "vllm", "safetensors", "full"):
                if (name, form) == ("llama_mha_trained", "v2"):
                    continue
                out = self.folder / f"{name}-{form}"
                made = self.run_json("convert", HEADS / name, out, "--to", form, "--model", BASE, "--json")
                self.assertTrue((out / "config.json").exists())
                self.assertEqual(made["heads"], 5 if name == "llama_mha_trained" else 3)
                found = self.tokens(out) if form == "full" else self.tokens(BASE, "--heads", out)
                self.assertEqual(found["tokens"], expected["tokens"])
                self.assertEqual([step["tokens"] for step in found["steps"]],
                                 [step["tokens"] for step in expected["steps"]])

    def test_refusals_are_one_sentence(self):
        heads = HEADS / "llama_mha_trained"
        out = self.folder / "out"
        self.assertIn("differs from the base model's",
                      self.fails(1, "convert", heads, out, "--to", "v2", "--model", BASE))
        self.assertIn("--model", self.fails(1, "convert", heads, out, "--to", "full"))
        self.assertIn("expected Medusa heads", self.fails(1, "convert", self.folder / "absent", out, "--to", "v1"))
        self.assertIn("there are none", self.fails(1, "convert", BASE, out, "--to", "v1"))
        self.assertFalse(out.exists())
        self.run_cli("convert", heads, out, "--to", "v1")
        self.assertIn("--force", self.fails(1, "convert", heads, out, "--to", "v1"))
        self.run_cli("convert", heads, out, "--to", "vllm", "--force")
        self.assertEqual(sorted(os.listdir(out)), ["config.json", "model.safetensors"])
        self.assertEqual(sorted(os.listdir(self.folder)), ["out"])
        for arguments in (["--to", "v3"], [], ["--to", "v1", "--shard-size", "0"], ["--to"]):
            self.fails(2, "convert", heads, out, *arguments)


if __name__ == "__main__":
    cli.main()
