# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens and text, rendered prompts and the chat. Models with a tokenizer may be absent: then it is skipped."""
import json
import os
import pty
import select
import signal
import subprocess
import time
import unittest

import cli
from cli import SHARED, SOURCE, CliTest


def model_with_tokenizer():
    """The demo model, else a small one beside the checkout."""
    for folder in (SOURCE / "resources" / "demo_model", SHARED / "fixtures" / "stories260K"):
        if (folder / "config.json").exists() and (folder / "tokenizer.model").exists():
            return folder
    raise unittest.SkipTest("no model with a tokenizer is here")


def golden(name):
    folder = SHARED / "fixtures" / "tokenizers" / name
    if not folder.exists():
        raise unittest.SkipTest("../shared is not here")
    return folder, json.loads((folder / "golden.json").read_text())


class Tokens(CliTest):
    def test_batches_equal_the_recorded_ids(self):
        for name in ("llama2", "mistral", "llama3", "qwen25", "stories260K"):
            folder, cases = golden(name)
            texts = [case["text"] for case in cases["encode"]]

            def tokens(*options):
                return self.run_json("tokenize", "--model", folder, "--batch", *options, stdin=json.dumps(texts))

            self.assertEqual(tokens("--special"), [case["ids"] for case in cases["encode"]])
            self.assertEqual(tokens("--special", "--no-bos"), [case["ids_no_special"] for case in cases["encode"]])
            if name in ("llama2", "mistral"):
                # SentencePiece itself knows no control tokens in text.
                self.assertEqual(tokens("--no-bos"), [case["sp_ids"] for case in cases["encode"]])
                self.assertEqual(tokens(), [[1] + case["sp_ids"] for case in cases["encode"]])
            for options, key in (((), "decode"), (("--skip-special",), "decode_skip_special")):
                ids = [case["ids"] for case in cases["decode"]]
                got = self.run_json("detokenize", "--model", folder, "--batch", *options, stdin=json.dumps(ids))
                self.assertEqual(got, [case[key] for case in cases["decode"]])

    def test_streamed_chunks_are_whole_characters_and_sum_to_the_text(self):
        folder, cases = golden("llama2")
        for case in cases["stream"][:6]:
            ids = json.dumps(case["ids"])
            self.assertEqual(self.run_cli("detokenize", "--model", folder, "--stream", stdin=ids).stdout.decode(),
                             case["full"])
            chunks = self.run_json("detokenize", "--model", folder, "--stream", "--json", stdin=ids)
            self.assertEqual("".join(chunk or "" for chunk in chunks), case["full"])
            self.assertGreaterEqual(len(chunks), len(case["ids"]))

    def test_text_goes_there_and_back(self):
        model = model_with_tokenizer()
        text = "Once upon a time, there was a dog."
        ids = self.run_json("tokenize", "--model", model, "--no-bos", stdin=text)
        self.assertEqual(self.run_cli("detokenize", "--model", model, stdin=json.dumps(ids)).stdout.decode(), text)
        for wrong in ("", "[1", "{}", "[-1]", "[100000000]", '["a"]', "[[1]]"):
            self.fails(1, "detokenize", "--model", model, stdin=wrong)
        for wrong in ("", "{}", "[1]"):
            self.fails(1, "tokenize", "--batch", "--model", model, stdin=wrong)


class Render(CliTest):
    def test_prompts_equal_the_recorded_ones(self):
        cases = SHARED / "fixtures" / "chat" / "chat_cases.json"
        if not cases.exists():
            self.skipTest("../shared is not here")
        known = self.run_cli("render", "--help").stdout.decode()
        checked = 0
        for case in json.loads(cases.read_text()):
            if case["template"] not in known or case["tokenizer"] not in ("llama2", "mistral") or "error" in case \
                    or any(role not in ("system", "user", "assistant") for role in
                           (message["role"] for message in case["messages"])):
                continue
            folder = SHARED / "fixtures" / "tokenizers" / case["tokenizer"]
            more = ["--add-generation-prompt"] if case["add_generation_prompt"] else []
            got = self.run_json("render", "--model", folder, "--template", case["template"], "--messages",
                                self.write("messages.json", case["messages"]), *more)
            self.assertEqual(got["text"], case["text"])
            checked += 1
            if checked == 8:
                break
        self.assertGreater(checked, 0)

    def test_unknown_templates_are_wrong_usage(self):
        messages = self.write("messages.json", [{"role": "user", "content": "hello"}])
        self.fails(2, "render", "--messages", messages, "--template", "nonsense", "--model",
                   model_with_tokenizer())


class Text(CliTest):
    def test_streamed_text_is_the_text_of_the_json(self):
        model = ["--model", model_with_tokenizer(), "--prompt", "Once upon a time", "--raw", "--max-tokens", 24]
        answer = self.run_json("generate", *model, "--json")
        self.assertEqual(self.run_cli("generate", *model, "--quiet").stdout.decode(), answer["text"])
        self.assertEqual(len(answer["tokens"]), answer["stats"]["new_tokens"])
        word = answer["text"].split()[3]
        stopped = self.run_json("generate", *model, "--json", "--stop", word)
        self.assertEqual(stopped["text"], answer["text"][:answer["text"].index(word)])
        self.assertEqual(stopped["finish"], "stop")


class Chat(CliTest):
    def setUp(self):
        super().setUp()
        self.model = ["--model", model_with_tokenizer(), "--max-tokens", 12, "--seed", 5]

    def events(self, lines, status=0):
        done = self.run_cli("chat", *self.model, "--style", "programmatic", "--quiet", stdin="\n".join(lines) + "\n",
                            status=status)
        self.assertEqual(done.stderr, b"")
        return [json.loads(line) for line in done.stdout.splitlines()]

    def test_programmatic_style_is_one_json_object_a_line(self):
        events = self.events(["Hello", "/stats", "And again?"])
        answers = [event for event in events if event["event"] == "answer"]
        self.assertEqual(len(answers), 2)
        self.assertIn("last: ", [event for event in events if event["event"] == "notice"][0]["text"])
        first = events[:events.index(answers[0])]
        self.assertEqual("".join(event["text"] for event in first), answers[0]["text"])
        self.assertGreater(answers[1]["reused_tokens"], 0)

    def test_undo_retry_reset_and_their_old_names(self):
        self.model += ["--temperature", 5]  # the little model is sure of itself
        lines = ["Hello", "/retry", "!!regen", "/undo", "Hello", "!!reset", "Hello", "!!exit", "no"]
        answers, again = ([event["text"] for event in self.events(lines) if event["event"] == "answer"]
                          for _ in range(2))
        self.assertEqual(len(answers), 5)
        # One seed, one text; each try has a seed of its own, the same one in each run.
        self.assertEqual([answers[0]] * 2, answers[3:])
        self.assertEqual(len(set(answers[:3])), 3)
        self.assertEqual(answers, again)
        help_text = self.events(["/help"])[0]["text"]
        self.assertIn("number of the try", help_text)

    def test_saved_conversations_load(self):
        saved = self.folder / "talk"
        self.events(["Hello", f"/save {saved}"])
        talk = json.loads((self.folder / "talk.json").read_text())
        self.assertEqual([role for role, _ in talk["messages"]], ["user", "assistant"])
        one = self.events(["Hello", "How are you?"])
        two = self.events([f"!!load {saved}", "How are you?"])
        self.assertEqual(one[-1]["text"], two[-1]["text"])
        self.assertEqual(self.events(["/load /nonexistent"], status=1)[0]["event"], "error")

    def test_set_acts_and_refuses_what_cannot_be(self):
        events = self.events(["/set temperature 0", "/set max_tokens 3", "Hello", "/set temperature hot", "/set nothing 1",
                              "/set", "/nonsense", "/set tree no_such"], status=1)
        kinds = [event["event"] for event in events]
        self.assertEqual(kinds.count("error"), 5)
        self.assertLessEqual([event for event in events if event["event"] == "answer"][0]["new_tokens"], 3)

    def test_a_terminal_sees_no_control_characters_and_ctrl_c_and_d_work(self):
        master, slave = pty.openpty()
        process = subprocess.Popen([cli.PROGRAM, "chat", *map(str, self.model), "--style", "rich"], stdin=slave,
                                   stdout=slave, stderr=slave, start_new_session=True,
                                   preexec_fn=lambda: __import__("fcntl").ioctl(0, __import__("termios").TIOCSCTTY, 0))
        os.close(slave)
        self.addCleanup(process.kill)
        self.addCleanup(os.close, master)

        def read_until(text, seconds=60):
            seen, end = b"", time.monotonic() + seconds
            while text not in seen:
                self.assertLess(time.monotonic(), end, seen)
                if select.select([master], [], [], 0.5)[0]:
                    seen += os.read(master, 4096)
            return seen

        read_until(b"> ")
        os.write(master, b"Hello\n")
        self.assertIn(b"tokens/s", read_until(b"\x1b[0m\r\n> "))
        os.write(master, b"\x03")
        read_until(b"leaves)\r\n> ")
        os.write(master, b"\x04")
        self.assertEqual(process.wait(timeout=30), 0)

    def test_ctrl_c_ends_a_script_with_status_130(self):
        process = subprocess.Popen([cli.PROGRAM, "chat", *map(str, self.model), "--quiet"], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdin.write(b"Hello\n")
        process.stdin.flush()
        process.stdout.read(1)
        process.send_signal(signal.SIGINT)
        self.addCleanup(process.kill)
        self.assertEqual(process.wait(timeout=30), 130)
        for stream in (process.stdin, process.stdout, process.stderr):
            stream.close()


if __name__ == "__main__":
    cli.main()
