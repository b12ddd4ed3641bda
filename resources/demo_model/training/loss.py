# SPDX-License-Identifier: Apache-2.0
"""Loss (nats a piece, f32 on bf16-rounded weights) on held-out stories, behind their request and as raw text, each in a context of its own."""
import argparse
import json
import random

import sentencepiece as spm
import torch
import torch.nn.functional as F

from chat_data import story_request
from data import Encoder, read_stories, split_stories
from model import load_checkpoint, round_to_bf16

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--stories", nargs="+", required=True)
parser.add_argument("--tokenizer", required=True)
parser.add_argument("--base", required=True)
parser.add_argument("--out")
args = parser.parse_args()

torch.set_num_threads(1)
model, _ = load_checkpoint(args.base)
round_to_bf16(model)
encoder = Encoder(spm.SentencePieceProcessor(model_file=args.tokenizer))
train, held = split_stories(read_stories(args.stories))
rng = random.Random(1)


@torch.inference_mode()
def loss(rows):
    total = count = 0.0
    for ids, mask in rows:
        ids, w = torch.tensor(ids[:1024]), (torch.tensor(mask[1:1024]) > 0).float()
        nll = F.cross_entropy(model.logits(model.hidden(ids[None, :-1]))[0], ids[1:], reduction="none")
        total, count = total + float((nll * w).sum()), count + float(w.sum())
    return round(total / count, 4)


seen = train[:: len(train) // 139]
result = {"held_out_stories": len(held), "loss_on_request": loss([encoder.chat([("user", story_request(s, rng)), ("assistant", s)]) for s in held]),
          "loss_raw": loss([encoder.raw(s) for s in held]), "loss_raw_on_training_stories": loss([encoder.raw(s) for s in seen])}
# Conversations of several stories in one context: does it hold to the end of the 1,024 positions?
far = [[0.0, 0] for _ in range(4)]
for a in range(0, len(held) - 6, 6):
    turns = [m for s in held[a:a + 6] for m in (("user", story_request(s, rng)), ("assistant", s))]
    ids, mask = (torch.tensor(v[:1025]) for v in encoder.chat(turns))
    with torch.inference_mode():
        nll = F.cross_entropy(model.logits(model.hidden(ids[None, :-1]))[0], ids[1:], reduction="none")
    for k in range(4):
        part = slice(256 * k, 256 * k + 256)
        w = (mask[1:][part] > 0).float()
        far[k][0] += float((nll[part] * w).sum())
        far[k][1] += float(w.sum())
result["loss_by_quarter_of_the_context"] = [round(t / n, 3) for t, n in far]
result["pieces_per_character"] = round(sum(len(encoder.sp.encode(s)) for s in held) / sum(map(len, held)), 4)
print(json.dumps(result))
if args.out:
    with open(args.out, "w", encoding="utf-8") as f:
        json.dump(result, f)
