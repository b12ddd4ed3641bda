# SPDX-License-Identifier: Apache-2.0
"""Story files -> clean list of stories -> token shards of conversations (uint16 ids and a loss mask)."""
import lzma
import random
import re

import numpy as np

from chat_data import Conversations

ROLES = {"system": "<|system|>", "user": "<|user|>", "assistant": "<|assistant|>"}
CHARS = {"\u2019": "'", "\u2018": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-", "\u2026": "...", "\u00a0": " ", "\t": " "}


def read_stories(paths):
    stories, seen = [], set()
    for path in paths:
        raw = (lzma.open(path) if path.endswith(".xz") else open(path, "rb")).read().decode("utf-8", "replace")
        parts = raw.split("<|endoftext|>") if "<|endoftext|>" in raw else raw.split("\n")
        for text in parts:
            for a, b in CHARS.items():
                text = text.replace(a, b)
            text = re.sub(r" *\n *", "\n", text.strip())
            text = re.sub(r"\n+", "\n\n", re.sub(r" +", " ", text))
            if len(text) < 200 or len(text) > 3200 or not text.isascii() or text in seen:
                continue
            if not text.endswith((".", "!", "?", '"', "'")):
                text = text[: max(text.rfind("."), text.rfind("!")) + 1]
            text = text[0].upper() + text[1:]
            seen.add(text)
            stories.append(text)
    return stories


def split_stories(stories, seed=7, share=0.03):
    rng = random.Random(seed)
    order = list(range(len(stories)))
    rng.shuffle(order)
    n = int(len(stories) * share)
    return [stories[i] for i in order[n:]], [stories[i] for i in order[:n]]


class Encoder:
    def __init__(self, sp):
        self.sp, self.bos, self.end = sp, sp.bos_id(), sp.piece_to_id("<|end|>")
        self.role = {r: sp.piece_to_id(p) for r, p in ROLES.items()}

    def weights(self, content, n):
        """Loss weights of an answer of n tokens (end included): what decides between answers counts more than the rest."""
        w = [1] * n
        if len(content) < 330:
            w[:4] = [3] * min(4, n)
        if content.startswith(("From ", "In steps")) and content.endswith("."):
            w[-2:] = [8, 8]  # stopping in time
        elif " plus " in content and n < 14:
            w[-4:] = [6] * 4
        elif " comes " in content and n < 16:
            w[-4:] = [6] * 4
        return w

    def chat(self, messages, prompt_only=False):
        """-> ids, mask; mask is 0, or the loss weight where the assistant speaks, its <|end|> included."""
        ids, mask = [self.bos], [0]
        for role, content in messages:
            body = self.sp.encode(content) + [self.end]
            ids += [self.role[role]] + body
            mask += [0] + (self.weights(content, len(body)) if role == "assistant" else [0] * len(body))
        if prompt_only:
            ids.append(self.role["assistant"])
            mask.append(0)
        return ids, mask

    def raw(self, text):
        ids = [self.bos] + self.sp.encode(text) + [self.end]
        return ids, [0] + [1] * (len(ids) - 1)


def make_shard(encoder, stories, tokens, seed, corpus_share=0.45, raw_share=0.06, max_tokens=1020, drill=1):
    ids, mask = [], []
    stream = Conversations(stories, seed, corpus_share=corpus_share, drill=drill)
    while len(ids) < tokens:
        if stream.rng.random() < raw_share:
            a, b = encoder.raw(stream.corpus_turn()[1])
        else:
            messages = stream.make()
            if messages is None:
                continue
            a, b = encoder.chat(messages)
        if len(a) <= max_tokens:
            ids += a
            mask += b
    return np.array(ids, np.uint16), np.array(mask, np.uint8)
