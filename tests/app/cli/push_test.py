# SPDX-License-Identifier: GPL-3.0-or-later
"""push: heads into a repository of a hub on this machine, and back again."""
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

import cli
from cli import DATA, CliTest

HEADS = DATA / "medusa" / "heads" / "llama_mha_trained"
SERVER = sys.argv.pop(2)


class Push(CliTest):
    def setUp(self):
        super().setUp()
        self.served = self.folder / "served"
        self.served.mkdir()
        self.heads = self.folder / "heads"
        self.heads.mkdir()
        for name in ["config.json", "medusa_lm_head.safetensors"]:
            shutil.copy(HEADS / name, self.heads)
        (self.heads / "accuracy.json").write_text('{"samples": 77, "accuracies": [[0.5, 0.25]]}')
        self.env = {**os.environ, "HOME": str(self.folder), "HF_HUB_CACHE": str(self.folder / "hub"),
                    "XDG_CACHE_HOME": str(self.folder / "cache"), "HF_TOKEN": "hf_writer",
                    "GORGON_HUB_TRUST_ENDPOINT": "1"}
        for name in ["HF_HOME", "HF_HUB_OFFLINE", "HF_ENDPOINT"]:
            self.env.pop(name, None)

    def serve(self, *arguments):
        self.log = self.folder / "requests.log"
        server = subprocess.Popen([SERVER, str(self.served), "--log", str(self.log), "--writer", "hf_writer",
                                   "--large", "1000", "--parts", "10000", *map(str, arguments)],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

        def stop():
            server.stdin.close()
            server.wait()
            server.stdout.close()
        self.addCleanup(stop)
        self.env["HF_ENDPOINT"] = server.stdout.readline().split()[1]
        server.stdout.readline()

    def push(self, *arguments):
        return self.run_json("push", self.heads, "me/heads", *arguments, "--json", env=self.env)

    def test_heads_are_pushed_and_pulled_again(self):
        self.serve()
        done = self.push("--yes")
        self.assertTrue(done["created"])
        self.assertEqual(done["sent_bytes"], (self.heads / "medusa_lm_head.safetensors").stat().st_size)
        self.assertEqual(done["page"], self.env["HF_ENDPOINT"] + "/me/heads")
        pulled = pathlib.Path(self.run_json("pull", "me/heads", "--json", env=self.env)["folder"])
        for name in ["config.json", "medusa_lm_head.safetensors"]:
            self.assertEqual((pulled / name).read_bytes(), (self.heads / name).read_bytes())
        readme = pathlib.Path(self.run_json("pull", "me/heads", "--file", "README.md", "--json",
                                            env=self.env)["folder"]) / "README.md"
        self.assertIn("5 Medusa heads", readme.read_text())
        self.assertIn("over 77 positions", readme.read_text())
        self.assertNotIn("authorization=yes", "\n".join(
            line for line in self.log.read_text().splitlines() if line.startswith("cdn")))
        # Again: there is nothing to do, and the card that was made does not count as a change.
        again = self.push()
        self.assertFalse(again["created"])
        self.assertEqual(again["commit"], done["commit"])
        self.assertIn(b"nothing to do", self.run_cli("push", self.heads, "me/heads", env=self.env).stdout)

    def test_what_is_there_is_replaced_only_with_consent(self):
        self.serve()
        self.push("--yes")
        (self.heads / "config.json").write_text('{"medusa_num_heads": 5}')
        error = self.fails(1, "push", self.heads, "me/heads", env=self.env)
        self.assertIn("config.json", error)
        self.assertIn("--yes", error)
        self.push("--yes")
        pulled = pathlib.Path(self.run_json("pull", "me/heads", "--json", env=self.env)["folder"])
        self.assertEqual((pulled / "config.json").read_text(), '{"medusa_num_heads": 5}')

    def test_what_all_can_see_is_made_only_with_consent(self):
        self.serve()
        error = self.fails(1, "push", self.heads, "me/heads", env=self.env)
        self.assertIn("--private", error)
        self.assertIn("--yes", error)
        self.assertIn("for all to see", error)
        self.assertNotIn("/api/repos/create", self.log.read_text())
        self.assertTrue(self.push("--private")["created"])
        # What is added to one that exists replaces nothing.
        (self.heads / "more.txt").write_text("more")
        self.assertFalse(self.push()["created"])

    def test_private_ones_are_for_their_owner(self):
        self.serve("--token", "hf_other")
        self.push("--private")
        self.env["HF_TOKEN"] = "hf_other"
        self.fails(1, "pull", "me/heads", env=self.env)
        self.env["HF_TOKEN"] = "hf_writer"
        self.run_json("pull", "me/heads", "--json", env=self.env)

    def test_errors_are_one_sentence_and_tell_no_token(self):
        self.serve("--token", "hf_reader")
        for token, part in [("", "a token that may write was expected"), ("hf_wrong", "refused the token"),
                            ("hf_reader", "may not write")]:
            self.env["HF_TOKEN"] = token
            error = self.fails(1, "push", self.heads, "me/heads", "--quiet", "--yes", env=self.env)
            self.assertIn(part, error)
            if token:
                self.assertNotIn(token, error)
        self.env["HF_TOKEN"] = "hf_writer"
        self.assertIn("Medusa heads were expected",
                      self.fails(1, "push", self.served, "me/heads", env=self.env))
        self.fails(2, "push", self.heads, "../heads", env=self.env)
        self.fails(2, "push", self.heads, env=self.env)

    def test_the_catalogue_and_the_hub_are_searched(self):
        self.serve()
        self.push("--yes")
        found = self.run_json("pull", "--search", "heads", "--json", env=self.env)
        self.assertEqual([model["repository"] for model in found["found"]], ["me/heads"])
        known = self.run_json("pull", "--search", "Vicuna 7b v1.3", "--json", env=self.env)["known"]
        self.assertIn({"name": "Medusa-1 heads for Vicuna 7B", "base": "lmsys/vicuna-7b-v1.3",
                       "heads": "FasterDecoding/medusa-vicuna-7b-v1.3"}, known)
        text = self.run_cli("pull", "--search", "smollm2 135m", env=self.env).stdout.decode()
        self.assertIn("HuggingFaceTB/SmolLM2-135M-Instruct", text)
        self.fails(2, "pull", "me/heads", "--search", "heads", env=self.env)
        self.fails(2, "pull", env=self.env)


if __name__ == "__main__":
    cli.main()
