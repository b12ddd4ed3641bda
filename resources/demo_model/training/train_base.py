# SPDX-License-Identifier: Apache-2.0
"""Trains the base model on one shard for a fixed time.

Muon for the matrices of the blocks, AdamW for embeddings and norms; trapezoid schedule by wall-clock share; first rows of
512, then of 1,024 positions so that the whole context is trained. bf16 autocast and torch.compile. Under torchrun every
rank is one thread with a share of the batch, which on a busy machine loses far less to waiting than threads do.
The shard is read again when its file changes, so that data can be improved while a run is under way.
"""
import argparse
import json
import os
import time

import numpy as np
import torch
import torch.distributed as dist
import torch.nn.functional as F

from model import Config, Heads, Model, load_checkpoint, save_checkpoint

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--shard", required=True)
parser.add_argument("--eval", required=True, help="held-out shard (.npz) with ids and mask")
parser.add_argument("--out", required=True)
parser.add_argument("--init", help="checkpoint to go on from")
parser.add_argument("--minutes", type=float, default=55)
parser.add_argument("--batch", type=int, default=16384, help="tokens a step")
parser.add_argument("--micro", type=int, default=8192, help="tokens a forward pass")
parser.add_argument("--lr", type=float, default=0.02, help="Muon's; AdamW gets a fifteenth")
parser.add_argument("--dropout", type=float, default=0.0)
parser.add_argument("--decay", type=float, default=0.1, help="weight decay of the matrices, times lr")
parser.add_argument("--warm", type=float, default=0.02)
parser.add_argument("--cool", type=float, default=0.5, help="share of the time in which the rate falls to zero")
parser.add_argument("--long", type=float, default=0.6, help="share of the time after which rows have 1,024 positions")
parser.add_argument("--prompt-weight", type=float, default=0.1, help="loss weight of what users say")
parser.add_argument("--aux", type=float, default=0.0, help="weight of Medusa heads trained along (joint training), 0: none")
parser.add_argument("--aux-blocks", type=int, default=2)
parser.add_argument("--threads", type=int, default=2)
args = parser.parse_args()

rank, ranks = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
if ranks > 1:
    dist.init_process_group("gloo")
    args.threads = 1
torch.manual_seed(3)
torch.set_num_threads(args.threads)
if args.init:
    model, checkpoint = load_checkpoint(args.init)
    model.c.dropout = args.dropout
else:
    model = Model(Config(dropout=args.dropout))
model.train()
heads = Heads(model.c.dim, 4, args.aux_blocks) if args.aux else None
if heads and args.init and checkpoint.get("heads"):
    heads.load_state_dict(checkpoint["heads"])


def orthogonalise(g):
    """Newton-Schulz iteration towards U V^T of g [n, m]; bf16 is precise enough and fast."""
    x = g.bfloat16()
    if wide := x.shape[0] > x.shape[1]:
        x = x.T
    x = x / (x.norm() + 1e-7)
    for _ in range(5):
        a = x @ x.T
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    return (x.T if wide else x).float()


matrices = [p for n, p in model.named_parameters() if p.dim() == 2 and n.startswith("blocks")]
others = [p for n, p in model.named_parameters() if not (p.dim() == 2 and n.startswith("blocks"))]
if heads:
    others += list(heads.parameters())
momentum = [torch.zeros_like(p) for p in matrices]
adam = torch.optim.AdamW(others, lr=1.0, betas=(0.9, 0.95), weight_decay=0.0)


def loss_of(x, y, w):
    with torch.autocast("cpu", torch.bfloat16):
        h = model.hidden(x)
        logits = model.logits(h)
    loss = F.cross_entropy(logits.float().view(-1, logits.shape[-1]), y.reshape(-1), reduction="none")
    loss = (loss * w.reshape(-1)).sum()
    if heads is None:
        return loss, loss.detach()
    # Joint training (Medusa-2): every eighth position also drafts, which teaches the base to look ahead.
    total, n = loss, x.shape[1] - heads.count
    for i in range(heads.count):
        with torch.autocast("cpu", torch.bfloat16):
            logits = heads(h[:, 2:n:8], model.embed.weight, i)
        k = F.cross_entropy(logits.float().flatten(0, 1), y[:, 3 + i:n + 1 + i:8].reshape(-1), reduction="none")
        total = total + 8 * args.aux * 0.8**i * (k * w[:, 3 + i:n + 1 + i:8].reshape(-1)).sum()
    return total, loss.detach()


class Shard:
    def __init__(self, path):
        self.path, self.at = path, 0
        self.load()

    def load(self):
        self.time = os.path.getmtime(self.path)
        d = np.load(self.path)
        self.ids, self.mask, self.at = d["ids"], d["mask"], 0

    def batch(self, rows, length):
        if os.path.getmtime(self.path) != self.time:
            try:
                self.load()
                print("shard read again", flush=True)
            except Exception:  # still being written
                pass
        need = rows * length + 1
        if self.at + need > len(self.ids):
            self.at = 0
        a, self.at = self.at, self.at + need - 1
        ids = torch.from_numpy(self.ids[a:a + need].astype(np.int64))
        w = torch.from_numpy(self.mask[a + 1:a + need].astype(np.float32))
        w = torch.where(w > 0, w, args.prompt_weight)
        return ids[:-1].view(rows, length), ids[1:].view(rows, length), w.view(rows, length)


@torch.no_grad()
def evaluate():
    d = np.load(args.eval)
    ids, mask = torch.from_numpy(d["ids"].astype(np.int64)), torch.from_numpy((d["mask"] > 0).astype(np.float32))
    kind = torch.from_numpy(d["kind"].astype(np.int64))  # 0 corpus story, 1 everything else
    n = (len(ids) - 1) // 512 * 512
    model.eval()
    losses = []
    for a in range(0, n, 8192):
        b = min(a + 8192, n)
        x, y = ids[a:b].view(-1, 512), ids[a + 1:b + 1]
        with torch.autocast("cpu", torch.bfloat16):
            logits = model.logits(model.hidden(x))
        losses.append(F.cross_entropy(logits.float().view(-1, logits.shape[-1]), y, reduction="none"))
    model.train()
    loss, w, k = torch.cat(losses), mask[1:n + 1], kind[1:n + 1]
    return [float((loss * w * (k == i)).sum() / (w * (k == i)).sum()) for i in (0, 1)]


compiled = torch.compile(loss_of)
shard = Shard(args.shard)
start, step, seen, spent, shown = time.time(), 0, 0, 0.0, []
saved = start


def elapsed():
    share = torch.tensor((time.time() - start) / (60 * args.minutes))
    if ranks > 1:
        dist.broadcast(share, 0)
    return share.item()


while (share := elapsed()) < 1:
    rate = min(1, share / args.warm if args.warm else 1, (1 - share) / args.cool)
    length = 1024 if share > args.long else 512
    for p in matrices + others:
        p.grad = None
    x, y, w = shard.batch(args.batch // length, length)
    total = w.sum()
    value = 0.0
    rows = args.micro // length
    for i in range(rank * rows, x.shape[0], ranks * rows):
        part = slice(i, i + rows)
        loss, plain = compiled(x[part], y[part], w[part])
        (loss / total).backward()
        value += float(plain / total)
    if ranks > 1:
        flat = torch.cat([p.grad.flatten() for p in matrices + others] + [torch.tensor([value])])
        dist.all_reduce(flat)
        at = 0
        for p in matrices + others:
            p.grad.copy_(flat[at:at + p.numel()].view_as(p))
            at += p.numel()
        value = float(flat[-1])
    with torch.no_grad():
        lr = args.lr * rate
        for p, m in zip(matrices, momentum):
            m.lerp_(p.grad, 0.05)
            g = orthogonalise(p.grad.lerp(m, 0.95))
            p.mul_(1 - lr * args.decay)
            p.add_(g, alpha=-lr * max(1, p.shape[0] / p.shape[1]) ** 0.5)
    for group in adam.param_groups:
        group["lr"] = lr / 15 * 2
    torch.nn.utils.clip_grad_norm_(others, 1.0)
    adam.step()
    step, seen = step + 1, seen + args.batch
    shown.append(value)
    if step % 50 == 0 and rank == 0:
        now = time.time() - start
        print(json.dumps({"step": step, "min": round(now / 60, 1), "tokens": seen, "tok/s": int(seen / now), "lr": round(lr, 5), "loss": round(sum(shown) / len(shown), 4)}), flush=True)
        shown = []
    if step % 300 == 0 and rank == 0:
        print(json.dumps({"step": step, "held-out story, chat": evaluate()}), flush=True)
    if time.time() - saved > 120 and rank == 0:
        save_checkpoint(args.out + ".tmp", model, step=step, heads=heads.state_dict() if heads else {})
        os.replace(args.out + ".tmp", args.out)
        saved = time.time()
if rank:
    raise SystemExit
print(json.dumps({"final": evaluate(), "steps": step, "tokens": seen}), flush=True)
save_checkpoint(args.out, model, step=step, heads=heads.state_dict() if heads else {})
