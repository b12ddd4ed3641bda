# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens, trees, logits and figures against the recorded answers of the reference."""
import json
import unittest

import cli
from cli import DATA, CliTest, read_safetensors

MODELS = DATA / "models"
MEDUSA = DATA / "medusa"
HEADS = ["llama_mha_trained", "llama_mha_bare", "llama_mha_layers2", "llama_mha_random"]


def model_cases(name):
    return json.loads((MODELS / name / "cases.json").read_text())["prompts"]


class Generate(CliTest):
    def tokens(self, model, prompt, *more):
        ids = self.write("ids.json", prompt)
        return self.run_json("generate", "--model", MODELS / model, "--tokens-file", ids, "--ignore-eos", "--json",
                             *more)["tokens"]

    def test_plain_decoding_equals_the_reference(self):
        checked = 0
        for folder in sorted(MODELS.iterdir()):
            if not (folder / "cases.json").exists():
                continue
            for case in model_cases(folder.name):
                with self.subTest(model=folder.name, prompt=case["prompt"]):
                    # Expected values are those of f32 arithmetic.
                    got = self.tokens(folder.name, case["input_ids"], "--max-tokens", 48, "--weights", "f32")
                    self.assertEqual(got, case["greedy_ids"])
                    checked += 1
        self.assertGreater(checked, 8)

    def test_heads_and_trees_do_not_change_the_tokens(self):
        case = model_cases("llama_mha")[2]
        trees = ["default", "auto", "chain", "none", "vicuna_7b_stage2", self.write("tree.json", [[0], [1], [0, 0]])]
        for heads in HEADS:
            for tree in trees if heads == "llama_mha_trained" else ["default"]:
                with self.subTest(heads=heads, tree=tree):
                    got = self.tokens("llama_mha", case["input_ids"], "--max-tokens", 48, "--heads",
                                      MEDUSA / "heads" / heads, "--tree", tree)
                    self.assertEqual(got, case["greedy_ids"])
        got = self.tokens("llama_mha_with_medusa", case["input_ids"], "--max-tokens", 48)
        self.assertEqual(got, case["greedy_ids"])

    def test_steps_equal_the_recorded_generations(self):
        # Where two ranks of a head nearly tie, the draft may differ; the tokens may not.
        for heads in HEADS:
            loops = json.loads((MEDUSA / "loops" / f"{heads}.json").read_text())
            same = total = 0
            for loop in [loop for loop in loops if loop["temperature"] == 0][:2]:
                ids = self.write("ids.json", loop["prompt"])
                tree = self.write("tree.json", loop["choices"])
                answer = self.run_json("generate", "--model", MODELS / "llama_mha", "--heads",
                                       MEDUSA / "heads" / heads, "--tokens-file", ids, "--tree", tree,
                                       "--ignore-eos", "--json", "--max-tokens", len(loop["output_ids"]))
                self.assertEqual(answer["tokens"], loop["output_ids"])
                pairs = list(zip(answer["steps"][:-1], loop["steps"]))
                same += sum(mine["accept_length"] == theirs["accept_length"] for mine, theirs in pairs)
                total += len(pairs)
            self.assertGreater(total, 10)
            self.assertGreater(same, 0.9 * total)

    def test_seed_and_exact_acceptance_give_the_same_text_with_and_without_heads(self):
        prompt = model_cases("llama_mha")[2]["input_ids"]
        sampled = ["--max-tokens", 40, "--temperature", "0.8", "--top-p", "0.95", "--seed", 11]
        plain = self.tokens("llama_mha", prompt, *sampled)
        heads = ["--heads", MEDUSA / "heads" / "llama_mha_trained"]
        self.assertEqual(self.tokens("llama_mha", prompt, *sampled, *heads), plain)
        self.assertNotEqual(self.tokens("llama_mha", prompt, *sampled[:-1], 12), plain)

    def test_json_has_the_documented_fields(self):
        ids = self.write("ids.json", model_cases("llama_mha")[2]["input_ids"])
        trace = self.folder / "trace"
        done = self.run_cli("generate", "--model", MODELS / "llama_mha", "--heads",
                            MEDUSA / "heads" / "llama_mha_trained", "--tokens-file", ids, "--json", "--ignore-eos",
                            "--max-tokens", 30, "--trace", trace)
        self.assertEqual(len(done.stdout.splitlines()), 1)
        answer = json.loads(done.stdout)
        self.assertEqual(list(answer), ["tokens", "text", "finish", "steps", "stats"])
        self.assertIsNone(answer["text"])
        self.assertEqual(answer["finish"], "length")
        self.assertEqual(sum((step["tokens"] for step in answer["steps"]), []), answer["tokens"])
        for step in answer["steps"]:
            self.assertEqual(list(step), ["tokens", "accept_length", "nodes"])
            self.assertEqual(len(step["tokens"]), step["accept_length"] + 1)
        stats = answer["stats"]
        self.assertEqual(list(stats), ["prompt_tokens", "new_tokens", "steps", "mean_tokens_per_step", "prefill_ms",
                                       "decode_ms", "tokens_per_second", "device", "weights", "tree", "acceptance"])
        self.assertEqual((stats["prompt_tokens"], stats["new_tokens"], stats["steps"]),
                         (7, 30, len(answer["steps"])))
        self.assertAlmostEqual(stats["mean_tokens_per_step"], 30 / stats["steps"], places=6)
        self.assertEqual((stats["device"], stats["weights"], stats["tree"], stats["acceptance"]),
                         ("cpu", "f32", "mc_sim_7b_63", "greedy"))
        records = [json.loads(line) for line in trace.read_text().splitlines()]
        self.assertEqual([record["tokens"] for record in records], [step["tokens"] for step in answer["steps"]])
        self.assertEqual([len(record["nodes"]) for record in records], [step["nodes"] for step in answer["steps"]])

    def test_without_a_tokenizer_ids_are_printed_one_a_line(self):
        case = model_cases("llama_mha")[1]
        ids = self.write("ids.json", case["input_ids"])
        done = self.run_cli("generate", "--model", MODELS / "llama_mha", "--tokens-file", ids, "--max-tokens", 5,
                            "--ignore-eos", "--quiet")
        self.assertEqual([int(line) for line in done.stdout.split()], case["greedy_ids"][:5])
        self.assertEqual(done.stderr, b"")

    def test_prove_finds_both_sides_equal(self):
        ids = self.write("ids.json", model_cases("llama_mha")[2]["input_ids"])
        for more in ([], ["--temperature", "0.7", "--seed", "3"], ["--cache-type", "f16"], ["--cache-type", "bf16"],
                     ["--cache-type", "q8"]):
            proof = self.run_json("prove", "--model", MODELS / "llama_mha", "--heads",
                                  MEDUSA / "heads" / "llama_mha_trained", "--tokens-file", ids, "--max-tokens", 40,
                                  "--ignore-eos", "--json", *more)
            self.assertTrue(proof["equal"])
            self.assertEqual(proof["plain"]["tokens"], proof["speculative"]["tokens"])
            self.assertLess(proof["speculative"]["steps"], proof["plain"]["steps"])


class Trees(CliTest):
    def test_buffers_of_every_published_tree_equal_the_reference(self):
        trees = json.loads((MEDUSA / "tree_buffers.json").read_text())["trees"]
        listed = [entry["name"] for entry in self.run_json("tree", "list", "--json")]
        self.assertEqual(self.run_cli("tree", "list").stdout.decode().split(), listed)
        named = 0
        for name, expected in trees.items():
            sources = [["--choices", self.write("choices.json", expected["choices"])]]
            if name in listed:
                sources.append(["--name", name])
                named += 1
            for source in sources:
                with self.subTest(tree=name, source=source[0]):
                    got = self.run_json("tree", *source)
                    self.assertEqual(got, {
                        "attn_mask": expected["attn_mask"], "tree_indices": expected["tree_indices"],
                        "position_ids": expected["medusa_position_ids"],
                        "retrieve_indices": expected["retrieve_indices"]})
        self.assertEqual(len(listed), 9)
        self.assertGreater(named, 5)

    def test_costs_decide_how_many_nodes_pay(self):
        accuracy = self.write("shares.json", [[0.8, 0.1], [0.7]])
        search = ["tree", "search", "--accuracy", accuracy, "--nodes", 4, "--costs"]
        flat = self.write("flat.json", [1, 1, 1, 1, 1])
        self.assertEqual(self.run_json(*search, flat), [[0], [0, 0], [1], [1, 0]])
        report = {"rows": [{"nodes": 1, "us": 100}, {"nodes": 3, "us": 120}, {"nodes": 5, "us": 300}]}
        self.assertEqual(self.run_json(*search, self.write("bench.json", report)), [[0], [0, 0]])
        steep = self.write("steep.json", [1, 2, 3, 4, 5])
        self.assertEqual(self.run_json(*search, steep), [])

    def test_costs_are_measured_once_and_refined_by_answers(self):
        model = ["--model", MODELS / "llama_mha", "--heads", MEDUSA / "heads" / "llama_mha_trained"]
        first = self.run_json("tree", "costs", *model, "--json")
        self.assertEqual([row["nodes"] for row in first["rows"]][:4], [1, 2, 3, 4])
        self.assertEqual(len(first["heads_us"]), 5)
        self.assertEqual([head["samples"] for head in first["hits"]], [0] * 5)
        self.assertGreaterEqual(first["speed_up"], 1)
        tokens = self.write("tokens.json", [1, 125, 195, 150, 228])
        generate = ["generate", *model, "--tokens-file", tokens, "--max-tokens", 40, "--ignore-eos", "--json"]
        drafted = self.run_json(*generate, "--tree", "auto")
        self.assertEqual(drafted["tokens"], self.run_json(*generate, "--tree", "none")["tokens"])
        again = self.run_json("tree", "costs", *model, "--json")
        later = {row["nodes"]: row["us"] for row in again["rows"]}
        for row in first["rows"]:  # kept; faster steps have lowered some
            self.assertLessEqual(later[row["nodes"]], row["us"])
        if first["tree"]:  # else nothing was drafted, and the heads were asked seldom
            self.assertGreater(again["hits"][0]["samples"], 0)
        self.assertLessEqual(sum(again["hits"][0]["hits"]), again["hits"][0]["samples"])
        q8 = self.run_json("tree", "costs", *model, "--weights", "q8", "--json")
        self.assertEqual(q8["hits"][0]["samples"], 0)  # another format: nothing is known yet
        fresh = self.run_json("tree", "costs", *model, "--fresh", "--json")
        self.assertNotEqual(fresh["rows"], first["rows"])
        self.assertEqual(fresh["hits"], again["hits"])
        costs = self.write("costs.json", fresh)
        accuracy = self.write("accuracy.json", [[0.9, 0.05]] * 5)
        said = self.run_cli("tree", "search", "--accuracy", accuracy, "--nodes", 20, "--costs", costs).stderr.decode()
        self.assertRegex(said, r"\d nodes and the root, [\d.]+ tokens a step expected, [\d.]+ times the speed")

    def test_search_equals_the_published_one(self):
        for case in json.loads((MEDUSA / "tree_optimizer.json").read_text()):
            accuracy = self.write("accuracy.json", {"accuracies": case["accuracies"]})
            got = self.run_json("tree", "search", "--accuracy", accuracy, "--nodes", case["size"], "--max-depth",
                                case["max_depth"], "--max-rank", case["max_child"][0])
            self.assertEqual(got, case["nodes_in_order"], case["table"])


class Figures(CliTest):
    def test_accuracy_equals_the_reference(self):
        case = json.loads((MEDUSA / "head_accuracy.json").read_text())
        got = self.run_json("accuracy", "--model", MODELS / "llama_mha", "--heads",
                            MEDUSA / "heads" / "llama_mha_trained", "--prompts",
                            self.write("prompts.json", case["prompts"]), "--new-tokens", case["steps"], "--ranks", 20,
                            "--json")
        self.assertEqual(got["samples"], case["samples_per_head"])
        self.assertEqual(got["hits"], case["hit_counts"])
        searched = self.run_json("tree", "search", "--accuracy", self.write("accuracy.json", got), "--nodes", 12)
        self.assertEqual(len(searched), 12)

    def test_logits_equal_the_reference(self):
        expected = read_safetensors(MODELS / "llama_mha" / "expected.safetensors")
        shape, prompt = expected["p2.input_ids"]
        out = self.folder / "logits.safetensors"
        self.run_cli("logits", "--model", MODELS / "llama_mha", "--tokens-file",
                     self.write("ids.json", list(prompt)), "--out", out)
        got = read_safetensors(out)
        self.assertEqual(got["logits"][0], expected["p2.logits"][0])
        worst = max(abs(a - b) for a, b in zip(got["logits"][1], expected["p2.logits"][1]))
        self.assertLess(worst, 1e-4)

    def test_a_tree_behind_the_tokens_has_the_logits_of_its_paths(self):
        prompt = [1, 115, 224]
        choices, tokens = [[0], [1], [0, 0]], [7, 8, 9, 10]  # 7 -> 8 -> 10 and 7 -> 9
        out = self.folder / "logits.safetensors"

        def logits(ids, *more):
            self.run_cli("logits", "--model", MODELS / "llama_mha", "--heads",
                         MEDUSA / "heads" / "llama_mha_trained", "--tokens-file", self.write("ids.json", ids),
                         "--out", out, *more)
            return read_safetensors(out)

        tree = logits(prompt, "--tree-file", self.write("tree.json", {"choices": choices, "tokens": tokens}))
        vocab = tree["logits"][0][1]
        self.assertEqual(tree["logits"][0][0], 7)
        self.assertEqual(tree["head_logits"][0][1:], [3, vocab])
        rows = [tree["logits"][1][i * vocab:(i + 1) * vocab] for i in range(7)]
        for path, nodes in (([7, 8, 10], [0, 1, 3]), ([7, 9], [0, 2])):
            flat = logits(prompt + path)["logits"][1]
            for depth, node in enumerate(nodes):
                row = 3 + depth
                self.assertEqual(rows[3 + node], flat[row * vocab:(row + 1) * vocab])

    def test_bench_prints_the_documented_fields(self):
        bench = ["bench", "--model", MODELS / "llama_mha", "--repeat", 1, "--new-tokens", 8, "--prompt-tokens", 8,
                 "--tree-sizes", "1,8,64", "--json"]
        report = self.run_json(*bench, "--heads", MEDUSA / "heads" / "llama_mha_trained")
        self.assertEqual(list(report), ["machine", "weights", "rows", "prefill_tps", "plain_tps", "medusa_tps",
                                        "tokens_per_step"])
        self.assertEqual(list(report["machine"]), ["cpu", "threads", "read_gbs", "gmacs"])
        self.assertEqual(list(report["machine"]["gmacs"]), ["f32", "bf16", "int8"])
        self.assertEqual([row["nodes"] for row in report["rows"]], [1, 8, 64])
        for row in report["rows"]:
            self.assertEqual(list(row), ["nodes", "us", "us_p10", "us_p90", "bytes", "bandwidth_share",
                                         "roofline_share"])
            self.assertGreater(row["us"], 0)
        self.assertGreater(report["tokens_per_step"], 0.9)
        plain = self.run_json(*bench, "--heads", "none")
        self.assertIsNone(plain["medusa_tps"])
        self.assertIsNone(plain["tokens_per_step"])
        self.assertGreater(plain["plain_tps"], 0)

    def test_devices_lists_the_processor(self):
        devices = self.run_json("devices", "--json")
        self.assertEqual(devices[0]["name"], "cpu")
        self.assertTrue(devices[0]["usable"])
        self.assertIn(b"cpu: ", self.run_cli("devices").stdout)


if __name__ == "__main__":
    cli.main()
