# SPDX-License-Identifier: GPL-3.0-or-later
"""pull, list, verify, remove, and models of the hub in place of paths, against a hub on this machine."""
import json
import os
import pathlib
import pty
import select
import shutil
import signal
import subprocess
import sys
import time
import unittest

import cli
from cli import DATA, CliTest

MODEL = DATA / "models" / "llama_mha"
SERVER = sys.argv.pop(2)


class Hub(CliTest):
    def setUp(self):
        super().setUp()
        self.served = self.folder / "served"
        shutil.copytree(MODEL, self.served / "org" / "model")
        self.env = {**os.environ, "HOME": str(self.folder), "HF_HUB_CACHE": str(self.folder / "hub"),
                    "XDG_CACHE_HOME": str(self.folder / "cache")}
        for name in ["HF_TOKEN", "HF_HOME", "HF_HUB_OFFLINE", "HF_ENDPOINT"]:
            self.env.pop(name, None)

    def serve(self, *arguments):
        self.log = self.folder / "requests.log"
        server = subprocess.Popen([SERVER, str(self.served), "--log", str(self.log), *map(str, arguments)],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

        def stop():
            if not server.stdin.closed:
                server.stdin.close()
            server.wait()
            server.stdout.close()
        self.addCleanup(stop)
        self.env["HF_ENDPOINT"] = server.stdout.readline().split()[1]
        server.stdout.readline()
        return server

    def hub(self, *arguments, **more):
        return self.run_cli(*arguments, env=self.env, **more)

    def hub_json(self, *arguments, **more):
        return self.run_json(*arguments, "--json", env=self.env, **more)

    def hub_fails(self, status, *arguments):
        return self.fails(status, *arguments, env=self.env)

    def requests(self):
        return self.log.read_text() if self.log.exists() else ""

    def test_a_model_is_pulled_listed_verified_used_and_removed(self):
        self.serve()
        done = self.hub_json("pull", "org/model")
        folder = pathlib.Path(done["folder"])
        self.assertEqual(folder.parent.name, "snapshots")
        self.assertEqual(folder.name, done["commit"])
        for file in done["files"]:
            self.assertEqual((folder / file["path"]).read_bytes(), (MODEL / file["path"]).read_bytes())
            self.assertTrue((folder / file["path"]).is_symlink())
        self.assertEqual(sum(file["bytes"] for file in done["files"]), done["bytes"])
        self.assertEqual(self.hub("pull", "org/model").stdout.decode().strip(), str(folder))

        (listed,) = self.hub_json("list")
        self.assertEqual(listed["repository"], "org/model")
        self.assertEqual(listed["snapshots"][0]["revisions"], ["main"])
        self.assertEqual(listed["bytes"], done["bytes"])
        self.assertIn("org/model", self.hub("list").stdout.decode())

        # From here on no network is needed.
        self.env["HF_ENDPOINT"] = "http://127.0.0.1:9"
        self.env["HF_HUB_OFFLINE"] = "1"
        ids = self.write("ids.json", [1, 2, 3])
        arguments = ["generate", "--tokens-file", ids, "--max-tokens", 4, "--heads", "none", "--model"]
        here = self.hub_json(*arguments, MODEL)
        self.assertEqual(self.hub_json(*arguments, "org/model")["tokens"], here["tokens"])
        self.assertEqual(self.hub_json(*arguments, "https://huggingface.co/org/model/tree/main")["tokens"],
                         here["tokens"])
        self.hub("inspect", "org/model")

        (verified,) = self.hub_json("verify")
        self.assertTrue(all(file["problem"] is None for file in verified["files"]))
        blob = (folder / "config.json").resolve()
        blob.write_bytes(blob.read_bytes().replace(b"{", b"[", 1))
        self.assertIn("config.json", self.fails_with_output(1, "verify", "org/model"))

        self.assertIn("--yes", self.hub_fails(1, "remove", "org/model"))
        self.assertTrue(folder.exists())
        removed = self.hub_json("remove", "org/model", "--yes")
        self.assertEqual(removed["freed_bytes"], done["bytes"])
        self.assertFalse(folder.exists())
        self.assertEqual(self.hub_json("list"), [])
        self.hub_fails(1, "remove", "org/model", "--yes")

    def fails_with_output(self, status, *arguments):
        done = self.run_cli(*arguments, status=status, env=self.env)
        self.assertTrue(done.stdout)
        return done.stderr.decode()

    def test_nothing_is_fetched_without_being_asked_for(self):
        self.serve()
        ids = self.write("ids.json", [1, 2, 3])
        arguments = ["generate", "--tokens-file", ids, "--max-tokens", 2]
        self.assertIn("gorgon-cli pull org/model", self.hub_fails(1, *arguments, "--model", "org/model"))
        self.assertIn("--heads", self.hub_fails(1, *arguments, "--model", MODEL, "--heads", "org/model"))
        self.assertEqual(self.requests(), "")
        self.assertEqual(len(self.hub_json(*arguments, "--model", "org/model", "--yes")["tokens"]), 2)

    def test_what_needs_no_weights_fetches_none(self):
        self.serve()
        messages = self.write("messages.json", [{"role": "user", "content": "hello"}])
        arguments = ["render", "--messages", messages, "--template", "chatml", "--model", "org/model"]
        self.fails(1, *arguments, env=self.env)  # before anything is fetched
        self.run_cli(*arguments, "--yes", "--verbose", env=self.env, status=1)  # a model without a tokenizer
        self.assertIn("config.json", self.requests())
        self.assertNotIn("model.safetensors", self.requests())
        # What has no weights yet is fetched to the end where they are needed.
        ids = self.write("ids.json", [1, 2, 3])
        generate = ["generate", "--tokens-file", ids, "--max-tokens", 2, "--model", "org/model"]
        self.assertIn("not all of it is in the cache", self.hub_fails(1, *generate))
        self.assertEqual(len(self.hub_json(*generate, "--yes")["tokens"]), 2)

    def test_a_person_at_a_terminal_is_asked(self):
        self.serve()
        ids = self.write("ids.json", [1, 2, 3])
        for answer, status in [(b"n\n", 1), (b"y\n", 0)]:
            ours, theirs = pty.openpty()
            running = subprocess.Popen(
                [cli.PROGRAM, "generate", "--tokens-file", str(ids), "--max-tokens", "2", "--model", "org/model"],
                stdin=theirs, stdout=subprocess.PIPE, stderr=theirs, env=self.env)
            os.close(theirs)
            seen = b""
            while b"[y/N]" not in seen and select.select([ours], [], [], 30)[0]:
                seen += os.read(ours, 4096)
            self.assertIn(b"Download it from http://127.0.0.1", seen)
            os.write(ours, answer)
            while running.poll() is None:
                if select.select([ours], [], [], 0.05)[0]:
                    try:
                        seen += os.read(ours, 4096)
                    except OSError:
                        break
            self.assertEqual(running.wait(60), status, seen)
            running.stdout.close()
            os.close(ours)

    def test_each_failure_says_what_to_do(self):
        self.serve("--token", "hf_good", "--gated", "org/model")
        self.assertIn("check the spelling", self.hub_fails(1, "pull", "org/none"))
        self.assertIn("licence", self.hub_fails(1, "pull", "org/model"))
        self.env["HF_TOKEN"] = "hf_bad"
        self.env["GORGON_HUB_TRUST_ENDPOINT"] = "1"
        message = self.hub_fails(1, "pull", "org/model")
        self.assertIn("token", message)
        self.assertNotIn("hf_bad", message)
        self.env["HF_TOKEN"] = "hf_good"
        self.assertIn("no such branch", self.hub_fails(1, "pull", "org/model", "--revision", "nowhere"))
        verbose = self.hub("pull", "org/model", "--verbose").stderr.decode()
        self.assertIn("GET http://127.0.0.1", verbose)
        self.assertNotIn("hf_good", verbose)
        self.env["HF_HUB_OFFLINE"] = "1"
        self.assertIn("HF_HUB_OFFLINE", self.hub_fails(1, "pull", "org/other"))

    def test_what_the_cache_has_whole_needs_no_hub(self):
        server = self.serve()
        done = self.hub_json("pull", "org/model")
        one = self.hub_json("pull", "org/model", "--file", "config.json")
        server.stdin.close()
        server.wait()
        for offline in ["1", ""]:
            self.env["HF_HUB_OFFLINE"] = offline
            again = self.hub("pull", "org/model", "--json")
            self.assertEqual(json.loads(again.stdout), done)
            self.assertIn("all of it is in the cache", again.stderr.decode())
            self.assertEqual(len(again.stderr.decode().splitlines()), 1)
            self.assertEqual(self.hub_json("pull", "org/model", "--file", "config.json"), one)
        self.env["HF_HUB_OFFLINE"] = "1"
        self.assertIn("HF_HUB_OFFLINE", self.hub_fails(1, "pull", "org/model", "--file", "more.json"))
        self.assertIn("HF_HUB_OFFLINE", self.hub_fails(1, "pull", "org/model", "--revision", "other"))
        self.assertIn("HF_HUB_OFFLINE", self.hub_fails(1, "generate", "--model", "org/other", "--prompt", "x"))
        (pathlib.Path(done["folder"]) / "model.safetensors").unlink()
        self.assertIn("HF_HUB_OFFLINE", self.hub_fails(1, "pull", "org/model"))

    def test_one_odd_folder_hides_no_other(self):
        self.serve()
        self.hub("pull", "org/model")
        (self.folder / "elsewhere").mkdir()
        for name in ["models--a--link", "models--z--link"]:
            (self.folder / "hub" / name).symlink_to(self.folder / "elsewhere")
        listed = {each["repository"]: each for each in self.hub_json("list")}
        self.assertEqual(set(listed), {"a/link", "org/model", "z/link"})
        self.assertIsNone(listed["org/model"]["problem"])
        self.assertIn("a link or something else was found", listed["z/link"]["problem"])
        self.assertIn("a/link: 0 bytes\n  not all of it can be read: ", self.hub("list").stdout.decode())
        done = self.run_cli("verify", "--json", status=1, env=self.env)
        verified = {each["repository"]: each for each in json.loads(done.stdout)}
        self.assertEqual(set(verified), set(listed))
        self.assertIsNone(verified["org/model"]["problem"])
        self.assertTrue(all(file["problem"] is None for file in verified["org/model"]["files"]))
        self.assertIn("link", verified["a/link"]["problem"])
        self.assertIn("(and 1 more)", done.stderr.decode())
        self.assertIn("all as the hub has them", self.fails_with_text(1, "verify"))
        self.hub("verify", "org/model")

    def fails_with_text(self, status, *arguments):
        return self.run_cli(*arguments, status=status, env=self.env).stdout.decode()

    def test_no_message_tells_the_password_of_a_proxy(self):
        self.env["HF_ENDPOINT"] = "http://hub.invalid"
        self.env["http_proxy"] = "http://me:secret@127.0.0.1:1"
        done = self.run_cli("pull", "--search", "x", "--verbose", "--json", status=1, env=self.env)
        self.assertNotIn("secret", done.stdout.decode() + done.stderr.decode())
        self.env["HF_ENDPOINT"] = "http://me:secret@hub.invalid"
        self.assertNotIn("secret", self.hub_fails(1, "pull", "org/model"))

    def test_an_interrupted_pull_goes_on_where_it_ended(self):
        big = self.served / "org" / "big"
        big.mkdir()
        (big / "config.json").write_text("{}")
        content = os.urandom(6_000_000)
        (big / "model.safetensors").write_bytes(content)
        self.serve("--fault", "+slow:3000000@/")
        running = subprocess.Popen([cli.PROGRAM, "pull", "org/big"], env=self.env, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        blobs = self.folder / "hub" / "models--org--big" / "blobs"
        for _ in range(600):
            if sum(each.stat().st_size for each in blobs.glob("*.incomplete")) > 2_000_000:
                break
            time.sleep(0.02)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=20)
        self.assertEqual(running.returncode, 130, err)
        self.assertEqual(out, b"")
        (listed,) = self.hub_json("list")
        self.assertGreater(listed["unfinished_bytes"], 2_000_000)
        done = self.hub_json("pull", "org/big")
        self.assertEqual((pathlib.Path(done["folder"]) / "model.safetensors").read_bytes(), content)
        self.assertEqual(self.hub_json("list")[0]["unfinished_bytes"], 0)


if __name__ == "__main__":
    cli.main()
