# SPDX-License-Identifier: Apache-2.0
"""The model's own text for training its heads: answers to training prompts of every skill, greedy and at temperature 0.7.

OUT.pt: list of {"ids": prompt + answer, "start": length of the prompt, "kind": first user words' skill or "raw"}.
"""
import argparse
import random
import time

import sentencepiece as spm
import torch

from chat_data import Conversations
from data import Encoder, read_stories, split_stories
from generate import generate
from model import load_checkpoint, round_to_bf16

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--stories", nargs="+", required=True)
parser.add_argument("--tokenizer", required=True)
parser.add_argument("--base", required=True)
parser.add_argument("--out", required=True)
parser.add_argument("--tokens", type=int, default=700_000)
parser.add_argument("--minutes", type=float, default=6)
parser.add_argument("--batch", type=int, default=192)
parser.add_argument("--held-out", type=int, default=0, help="this many prompts of the held-out side instead, greedy only")
parser.add_argument("--seed", type=int, default=31)
parser.add_argument("--threads", type=int, default=1, help="one, and several processes with seeds of their own, is fastest")
parser.add_argument("--max-tokens", type=int, default=320)
args = parser.parse_args()

torch.set_num_threads(args.threads)
model, _ = load_checkpoint(args.base)
round_to_bf16(model)
encoder = Encoder(spm.SentencePieceProcessor(model_file=args.tokenizer))
train, held = split_stories(read_stories(args.stories))
stream = Conversations(held if args.held_out else train, 77 if args.held_out else args.seed, held=bool(args.held_out), corpus_share=0.4)
rng, generator = random.Random(args.seed), torch.Generator().manual_seed(args.seed)


def prompts(count):
    """A prompt is a conversation up to one of its answers (earlier answers as scripted), or the start of a raw story."""
    out = []
    while len(out) < count:
        if not args.held_out and rng.random() < 0.02:
            text = stream.corpus_turn()[1]
            out.append(([encoder.bos] + encoder.sp.encode(" ".join(text.split(" ")[: rng.randrange(3, 12)])), "raw"))
            continue
        messages = stream.make()
        if not messages:
            continue
        ends = [i for i, m in enumerate(messages) if m[0] == "user"]
        cut = rng.choice(ends[:4])
        ids, _ = encoder.chat(messages[: cut + 1], prompt_only=True)
        long = len(messages[cut + 1][1]) > 330
        if len(ids) < 640:
            out.append((ids, "story" if long else "chat"))
    return sorted(out, key=lambda p: (p[1], len(p[0])))


rows, total, start, turn = [], 0, time.time(), 0
while True:
    if args.held_out and rows:
        break
    big = prompts(args.held_out or args.batch * 4)
    batches = [big[i:i + args.batch] for i in range(0, len(big), args.batch)]
    rng.shuffle(batches)
    for batch in batches:
        temperature = 0.0 if args.held_out or turn % 5 < 3 else 0.7
        turn += 1
        answers, _ = generate(model, [p for p, _ in batch], encoder.end, args.max_tokens, temperature, generator)
        for (p, kind), a in zip(batch, answers):
            rows.append({"ids": p + a, "start": len(p), "kind": kind})
            total += len(a)
        print(f"{total} tokens, {total / (time.time() - start):.0f} a second", flush=True)
        if not args.held_out and (total >= args.tokens or time.time() - start > 60 * args.minutes):
            break
    if not args.held_out and (total >= args.tokens or time.time() - start > 60 * args.minutes):
        break
torch.save(rows, args.out)
