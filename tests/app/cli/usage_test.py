# SPDX-License-Identifier: GPL-3.0-or-later
"""Exit statuses and the one line of an error, for wrong usage and unsound files."""
import glob
import json
import os
import signal
import subprocess
import time
import unittest

import cli
from cli import DATA, CliTest

MODEL = DATA / "models" / "llama_mha"
COMMANDS = ["chat", "generate", "logits", "tokenize", "detokenize", "render", "tree", "inspect", "convert",
            "accuracy", "prove", "bench", "devices", "pull", "list", "verify", "remove"]


class Usage(CliTest):
    def test_wrong_usage_is_status_2(self):
        ids = self.write("ids.json", [1, 2, 3])
        generate = ["generate", "--model", MODEL, "--tokens-file", ids]
        for arguments in [
                [], ["nonsense"], ["--nonsense"], ["generate"], ["generate", "--prompt"],
                ["generate", "--prompt", "a", "--prompt-file", "b"],
                *[[*generate, *more] for more in [
                    ["extra"], ["--temperature", "-1"], ["--temperature", "nan"], ["--temperature", "101"],
                    ["--temperature", "warm"], ["--temperature", ""], ["--top-p", "1.5"], ["--top-p", "-0.1"],
                    ["--max-tokens", "0"], ["--max-tokens", "-3"], ["--max-tokens", "1e3"], ["--max-tokens", ""],
                    ["--max-tokens", "010"], ["--max-tokens", "0x10"],
                    ["--max-tokens", "99999999999999999999"], ["--posterior-threshold", "2"],
                    ["--posterior-alpha", "-1"], ["--typical-root", "maybe"], ["--head-top-k", "0"],
                    ["--head-top-k", "65"], ["--num-heads", "-1"], ["--num-heads", "33"], ["--num-heads", "3"],
                    ["--acceptance", "greedy", "--temperature", "0.5"], ["--acceptance", "some"],
                    ["--tree", "fastest"], ["--tree", "no_such_tree"], ["--tree", ""], ["--device", "cuda:x"],
                    ["--device", "cuda:"], ["--device", "cuda"], ["--seed", "18446744073709551616"],
                    ["--device", "gpu"], ["--weights", "q9"], ["--weights", ""], ["--head-weights", "int8"],
                    ["--cache-type", "q4"], ["--cache-type", ""],
                    ["--load-in-8bit", "--load-in-4bit"], ["--load-in-8bit", "--weights", "q4"], ["--threads", "0"], ["--threads", "100000"],
                    ["--context", "0"], ["--context", "-5"], ["--seed", "-1"], ["--seed", "abc"],
                    ["--seed", "1", "--seed", "2"], ["--stop", ""], ["--stop", "x"], ["--quiet", "--verbose"],
                    ["--json", "yes"]]],
                ["generate", "--messages", ids, "--raw", "--model", MODEL, "--top-p", "7"],
                ["tree"], ["tree", "--name", "no_such_tree"], ["tree", "nonsense"],
                ["tree", "--name", "zephyr_stage2", "--choices", ids], ["tree", "search"],
                ["tree", "search", "--accuracy", ids], ["tree", "search", "--accuracy", ids, "--nodes", "0"],
                ["tree", "search", "--accuracy", ids, "--nodes", "256"],
                ["tree", "search", "--accuracy", ids, "--nodes", "5", "--max-depth", "33"],
                ["tree", "search", "--accuracy", ids, "--nodes", "5", "--max-rank", "0"],
                ["chat", "--style", "loud"], ["render"], ["logits", "--tokens-file", ids],
                ["logits", "--out", "x"], ["inspect"], ["bench", "--repeat", "0"], ["bench", "--tree-sizes", "0"],
                ["bench", "--tree-sizes", "1,x"], ["bench", "--tree-sizes", "257"], ["bench", "--compare", "fast"],
                ["accuracy"], ["accuracy", "--text", "a", "--prompts", "b"], ["prove"],
                ["detokenize", "--stream", "--batch", "--model", MODEL],
                # Subcommands of other programs' habits, and those that this build does not have.
                ["convert"], ["convert", MODEL], ["serve"], ["pull"], ["pull", "a/b/c"], ["remove"], ["list", "extra"], ["train-heads"], ["perplexity"]]:
            with self.subTest(arguments=arguments):
                self.fails(2, *arguments)

    def test_failures_are_status_1_and_name_the_file(self):
        ids = self.write("ids.json", [1, 2, 3])
        generate = ["generate", "--model", MODEL]
        absent = self.folder / "absent"
        bad = {name: self.write(name, text) for name, text in {
            "empty.json": "", "text.json": "hello", "object.json": "{}", "negative.json": "[1, -2]",
            "float.json": "[1, 2.5]", "large.json": "[1, 99999999999]", "huge.json": "[18446744073709551615]",
            "deep.json": "[" * 100_000, "nul.json": "[1\0]", "strings.json": '["a"]'}.items()}
        for arguments in [
                [*generate, "--tokens-file", absent], [*generate, "--tokens-file", self.folder],
                *[[*generate, "--tokens-file", file] for file in bad.values()],
                ["generate", "--model", absent, "--tokens-file", ids],
                [*generate, "--tokens-file", ids, "--heads", absent],
                [*generate, "--tokens-file", ids, "--tree", self.folder / "absent.json"],
                [*generate, "--tokens-file", ids, "--tree", bad["object.json"]],
                [*generate, "--tokens-file", ids, "--tree", bad["deep.json"]],
                [*generate, "--tokens-file", ids, "--context", "1000000"],
                [*generate, "--tokens-file", ids, "--trace", absent / "trace"],
                [*generate, "--prompt-file", absent],
                ["logits", "--model", MODEL, "--tokens-file", ids, "--out", absent / "out"],
                ["logits", "--model", MODEL, "--tokens-file", ids, "--out", self.folder / "o", "--tree-file", ids],
                ["tree", "--choices", absent],
                ["tree", "search", "--accuracy", bad["object.json"], "--nodes", "5"],
                ["tree", "search", "--accuracy", self.write("a.json", [[0.5, 2.0]]), "--nodes", "5"],
                ["inspect", absent], ["render", "--messages", absent, "--model", MODEL],
                ["render", "--messages", bad["object.json"], "--model", MODEL, "--template", "zephyr"],
                ["accuracy", "--text", absent, "--model", MODEL],
                ["accuracy", "--prompts", self.write("p.json", [[1, 2]]), "--model", MODEL]]:
            with self.subTest(arguments=arguments):
                self.fails(1, *arguments)

    def test_errors_name_the_option_and_what_was_given(self):
        ids = self.write("ids.json", [1, 2, 3])
        generate = ["generate", "--model", MODEL, "--tokens-file", ids]
        for status, option, value in [
                (2, "--temperature", "-1"), (2, "--top-p", "1.5"), (2, "--max-tokens", "0"), (2, "--num-heads", "33"),
                (2, "--num-heads", "3"), (2, "--head-top-k", "65"), (2, "--posterior-threshold", "2"),
                (2, "--posterior-alpha", "-1"), (2, "--acceptance", "some"), (2, "--tree", "fastest"),
                (2, "--seed", "18446744073709551616"), (2, "--seed", "-1"), (2, "--device", "cuda:x"),
                (2, "--threads", "0"), (2, "--weights", "q9"), (2, "--context", "0"), (1, "--context", "99999"),
                (1, "--heads", "/nonexistent"), (1, "--device", "cuda:99"), (1, "--trace", "/nonexistent/trace")]:
            with self.subTest(option=option, value=value):
                message = self.fails(status, *generate, option, value)
                self.assertIn(option, message)
                self.assertIn(value, message)
        self.assertRegex(self.fails(1, *generate, "--device", "cuda:99"), "^--device cuda:99: .+; use cpu$")
        self.assertIn("--model /nonexistent: ", self.fails(1, "generate", "--model", "/nonexistent", "--prompt", "a"))
        for option in ("--prompt-tokens", "--new-tokens"):
            self.assertIn(f"{option}: expected", self.fails(1, "bench", "--model", MODEL, option, "99999"))
        self.assertIn("unknown subcommand bogus", self.fails(2, "bogus"))
        self.assertIn("--name", self.fails(2, "tree", "--name", "bogus"))

    def test_the_largest_seed_is_one(self):
        ids = self.write("ids.json", [1, 2, 3])
        self.run_cli("generate", "--model", MODEL, "--tokens-file", ids, "--max-tokens", "2", "--seed", 2**64 - 1)

    def test_common_options_are_accepted_where_they_do_nothing(self):
        common = ["--device", "cpu", "--threads", "1", "--weights", "q8", "--heads", "none", "--cache-type", "q8", "--context", "8", "--seed", "1"]
        messages = self.write("messages.json", [{"role": "user", "content": "hello"}])
        for arguments in (["tokenize"], ["detokenize"], ["render", "--messages", messages],
                          ["tree", "--name", "zephyr_stage2"], ["tree", "list"]):
            plain = self.run_cli(*arguments, stdin="[1, 2]").stdout
            self.assertEqual(self.run_cli(*arguments, *common, stdin="[1, 2]").stdout, plain)
            self.fails(2, *arguments, "--threads", "many", stdin="[1, 2]")

    def test_trees_come_through_pipes_and_folders_are_named_as_such(self):
        choices = self.write("choices.json", [[0], [0, 0], [1]])
        plain = self.run_cli("tree", "--choices", choices).stdout
        self.assertEqual(self.run_cli("tree", "--choices", "/dev/stdin", stdin=choices.read_text()).stdout, plain)
        self.assertIn("found a folder", self.fails(1, "tree", "--choices", self.folder))
        self.assertIn(f"--tree {self.folder}: ", self.fails(
            1, "generate", "--model", MODEL, "--tokens-file", self.write("ids.json", [1]), "--tree", self.folder))
        self.assertIn("no such file", self.fails(1, "tree", "--choices", self.folder / "absent"))

    def test_ids_outside_the_vocabulary_and_prompts_longer_than_the_context_fail(self):
        for ids in ([10**6], [], [1] * 5000):
            self.fails(1, "generate", "--model", MODEL, "--tokens-file", self.write("ids.json", ids))

    def test_trees_that_hang_nowhere_fail(self):
        for choices in ([[0, 0]], [[0], [0]], [[]], [[64]], [[-1]], [[0], ["a"]], [0], [[i] for i in range(64)] * 5):
            self.fails(1, "tree", "--choices", self.write("choices.json", choices))

    def test_help_is_complete_and_has_an_example(self):
        for command in COMMANDS:
            done = self.run_cli(command, "--help")
            self.assertIn(b"Example", done.stdout)
            self.assertEqual(done.stderr, b"")
        done = self.run_cli("--help")
        for command in COMMANDS:
            self.assertIn(command.encode(), done.stdout)
        self.assertRegex(self.run_cli("--version").stdout, rb"^\d+\.\d+\.\d+\n$")

    def test_unsound_model_files_give_one_line_that_names_them(self):
        folder = DATA / "malformed"
        ids = self.write("ids.json", [1, 2, 3])
        for case in json.loads((folder / "manifest.json").read_text())["cases"]:
            path = folder / case["path"]
            arguments = {
                "model": ["generate", "--model", path, "--tokens-file", ids, "--max-tokens", "2"],
                "medusa_heads": ["generate", "--model", folder / "ok_control", "--heads", path, "--tokens-file", ids,
                                 "--max-tokens", "2"],
                "tokenizer_json": ["tokenize", "--model", path],
                "sentencepiece": ["tokenize", "--model", path]}[case["load_as"]]
            with self.subTest(case=case["case"]):
                start = time.monotonic()
                if case["expect"] == "ok":
                    self.run_cli(*arguments, stdin="hello")
                else:
                    self.assertIn(str(path), self.fails(1, *arguments, stdin="hello"))
                self.assertLess(time.monotonic() - start, 20)
                inspected = subprocess.run([cli.PROGRAM, "inspect", path], capture_output=True, timeout=60)
                self.assertIn(inspected.returncode, (0, 1))
                self.assertEqual(len(inspected.stderr.splitlines()), inspected.returncode)
        self.assertEqual(glob.glob("/tmp/pwned*"), [])

    def test_inputs_may_come_through_a_pipe_but_not_without_end(self):
        done = self.run_cli("generate", "--model", MODEL, "--tokens-file", "/dev/stdin", "--max-tokens", "2",
                            stdin="[1, 2, 3]")
        self.assertEqual(len(done.stdout.split()), 2)
        self.fails(1, "generate", "--model", MODEL, "--tokens-file", "/dev/zero")

    def test_output_that_cannot_be_written_is_status_1(self):
        if os.path.exists("/dev/full"):
            with open("/dev/full", "wb") as full:
                done = subprocess.run([cli.PROGRAM, "tree", "list"], stdout=full, stderr=subprocess.PIPE)
            self.assertEqual(done.returncode, 1)
            self.assertEqual(len(done.stderr.splitlines()), 1)
        reading, writing = os.pipe()
        os.close(reading)
        done = subprocess.run([cli.PROGRAM, "tree", "list"], stdout=writing, stderr=subprocess.PIPE)
        os.close(writing)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(len(done.stderr.splitlines()), 1)

    def test_ctrl_c_is_status_130(self):
        process = subprocess.Popen([cli.PROGRAM, "bench", "--model", str(MODEL), "--repeat", "1000"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(1.5)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        self.assertEqual(process.returncode, 130)


if __name__ == "__main__":
    cli.main()
