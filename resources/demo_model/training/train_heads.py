# SPDX-License-Identifier: Apache-2.0
"""Trains Medusa heads on the model's own text; the base is frozen and rounded to bf16, as it will be stored.

Head i reads the final-norm output at position t and predicts token t+2+i. Loss: sum of 0.8^i times cross-entropy.
"""
import argparse
import random
import time

import torch
import torch.nn.functional as F

from model import Heads, load_checkpoint, round_to_bf16

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--base", required=True)
parser.add_argument("--text", nargs="+", required=True, help="from distill.py")
parser.add_argument("--out", required=True)
parser.add_argument("--heads", type=int, default=4)
parser.add_argument("--blocks", type=int, default=2)
parser.add_argument("--v1", action="store_true", help="vocabulary matrices of their own")
parser.add_argument("--warm-start", action="store_true", help="from the heads trained along with the base")
parser.add_argument("--minutes", type=float, default=4)
parser.add_argument("--lr", type=float, default=2e-3)
parser.add_argument("--batch", type=int, default=2048, help="positions a step")
parser.add_argument("--threads", type=int, default=2)
args = parser.parse_args()

torch.manual_seed(9)
torch.set_num_threads(args.threads)
model, checkpoint = load_checkpoint(args.base)
round_to_bf16(model)
K = args.heads


@torch.inference_mode()
def features(rows):
    """All positions that have a first target: hidden [N, dim] bf16 and targets [N, K] (-100 past the end)."""
    hidden, targets = [], []
    rows = sorted(rows, key=lambda r: len(r["ids"]))
    for a in range(0, len(rows), 32):
        part = rows[a:a + 32]
        width = max(len(r["ids"]) for r in part)
        ids = torch.zeros(len(part), width, dtype=torch.long)
        for x, r in zip(ids, part):
            x[: len(r["ids"])] = torch.tensor(r["ids"])
        with torch.autocast("cpu", torch.bfloat16):
            h = model.hidden(ids).bfloat16()
        for b, r in enumerate(part):
            n = len(r["ids"])
            begin = r["start"] - 1  # the last prompt position already drafts the answer's second token
            if n - begin < 3:
                continue
            t = torch.full((n - begin - 2, K), -100)
            for i in range(K):
                m = n - begin - 2 - i
                if m > 0:
                    t[:m, i] = torch.tensor(r["ids"][begin + 2 + i:])
            hidden.append(h[b, begin:n - 2].clone())
            targets.append(t.to(torch.int16))
    return torch.cat(hidden), torch.cat(targets)


start = time.time()
rows = [r for path in args.text for r in torch.load(path, weights_only=True)]
random.Random(2).shuffle(rows)
x, y = features(rows)
print(f"{len(x)} positions, {time.time() - start:.0f} s", flush=True)
x, y = x.clone(), y.clone()
lm_head = model.embed.weight.detach()
heads = Heads(model.c.dim, K, args.blocks, lm_head if args.v1 else None)
if args.warm_start:
    heads.load_state_dict(checkpoint["heads"])
optimiser = torch.optim.AdamW(heads.parameters(), lr=args.lr, betas=(0.9, 0.98), weight_decay=0.0)


def loss_of(h, t):
    loss = []
    with torch.autocast("cpu", torch.bfloat16):
        logits = [heads(h, lm_head, i) for i in range(K)]
    for i in range(K):
        loss.append(F.cross_entropy(logits[i].float(), t[:, i], ignore_index=-100))
    return torch.stack(loss)


compiled = torch.compile(loss_of)
weight = 0.8 ** torch.arange(K)
start, step, sums, at, order = time.time(), 0, 0, 0, torch.randperm(len(x))
while (share := (time.time() - start) / (60 * args.minutes)) < 1:
    if at + args.batch > len(order):
        at, order = 0, torch.randperm(len(x))
    pick, at = order[at:at + args.batch], at + args.batch
    for group in optimiser.param_groups:
        group["lr"] = args.lr * min(1, step / 50) * min(1, (1 - share) / 0.7)
    loss = compiled(x[pick].float(), y[pick].long())
    optimiser.zero_grad(set_to_none=True)
    (loss * weight).sum().backward()
    optimiser.step()
    step, sums = step + 1, sums + loss.detach()
    if step % 100 == 0:
        print(step, f"epoch {step * args.batch / len(x):.1f}", [round(v, 3) for v in (sums / 100).tolist()], flush=True)
        sums = 0
torch.save({"heads": K, "blocks": args.blocks, "v1": args.v1, "state": heads.state_dict()}, args.out)
print("steps", step, "epochs", round(step * args.batch / len(x), 2))
