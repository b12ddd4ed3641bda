# SPDX-License-Identifier: Apache-2.0
"""Share of single-turn answers that are exactly right, greedy, on held-out prompts of the skills that have one right answer."""
import argparse
import json
import random

import sentencepiece as spm
import torch

from chat_data import basics, calendar, counting, faq, held_out, small_talk, styled, unknown
from data import Encoder
from generate import generate
from model import load_checkpoint, round_to_bf16

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--tokenizer", required=True)
parser.add_argument("--base", required=True)
parser.add_argument("--count", type=int, default=60)
parser.add_argument("--out", required=True)
args = parser.parse_args()

torch.set_num_threads(1)
model, _ = load_checkpoint(args.base)
round_to_bf16(model)
encoder = Encoder(spm.SentencePieceProcessor(model_file=args.tokenizer))
rng, result, wrong = random.Random(12), {}, []
for name, skill in (("counting", counting), ("calendar", calendar), ("sums and lists", basics), ("about Gorgon and Medusa", faq), ("small talk", small_talk), ("cannot help", unknown)):
    seen = {}
    for _ in range(40_000):
        prompt, answer, _ = skill(rng)
        if len(seen) < args.count and held_out(prompt) and prompt not in seen:
            seen[prompt] = (styled(prompt, rng), answer)
    ids = [encoder.chat([("user", p)], prompt_only=True)[0] for p, _ in seen.values()]
    got = [encoder.sp.decode([i for i in a if i != encoder.end]) for a in generate(model, ids, encoder.end, 200)[0]]
    right = sum(g == a for g, (_, a) in zip(got, seen.values()))
    wrong += [(p, g) for g, (p, a) in zip(got, seen.values()) if g != a]
    result[name] = {"prompts": len(seen), "right": right}
print(json.dumps(result))
for p, g in wrong[:60]:
    print("WRONG", p, "=>", g[:90])
with open(args.out, "w", encoding="utf-8") as f:
    json.dump(result, f)
