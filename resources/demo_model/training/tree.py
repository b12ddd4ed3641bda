# SPDX-License-Identifier: Apache-2.0
"""Accuracies, tree search and simulated tree decoding over the model's own greedy text."""
import argparse
import json
from collections import Counter

import torch

from model import Heads, load_checkpoint, round_to_bf16

TOP = 10


@torch.inference_mode()
def ranks(model, heads, rows):
    """Per row a list over positions p (last prompt position first): rank of the true token in each head's top-10, or -1.

    Position p drafts behind the root p+1: head i is about token p+2+i. None where that token does not exist.
    """
    out = []
    lm_head = model.embed.weight
    for r in rows:
        ids = torch.tensor(r["ids"])
        h = model.hidden(ids[None])[0, r["start"] - 1:]
        n, row = len(h), []
        found = []
        for i in range(heads.count):
            top = heads(h, lm_head, i).topk(TOP, -1).indices  # [n, 10]
            target = torch.full((n,), -1)
            if n > 2 + i:
                target[: n - 2 - i] = ids[r["start"] - 1 + 2 + i:]
            hit = top == target[:, None]
            rank = torch.where(hit.any(-1), hit.int().argmax(-1), -1)
            rank[target < 0] = -2  # past the end
            found.append(rank)
        out.append(torch.stack(found, 1).tolist())
    return out


def simulate(all_ranks, choices):
    """Greedy tree decoding -> tokens, steps, ranks at the positions where steps began."""
    paths = {tuple(c) for c in choices}
    tokens, steps, visited = 0, 0, []
    for row in all_ranks:
        p, last = 0, len(row) - 1  # the answer's tokens are at 1..last
        while p < last:
            visited.append(row[p])
            path = ()
            for rank in row[p]:
                if rank < 0 or path + (rank,) not in paths:
                    break
                path += (rank,)
            gain = 1 + len(path)
            tokens, steps, p = tokens + gain, steps + 1, p + gain
    return tokens, steps, visited


def best_tree(positions, nodes):
    """The `nodes` most often right paths. A path is right no oftener than its parent, so the set is prefix-closed."""
    count = Counter()
    for row in positions:
        path = ()
        for rank in row:
            if rank < 0:
                break
            path += (rank,)
            count[path] += 1
    order = sorted(count, key=lambda c: (-count[c], len(c), c))
    return order[:nodes]


def search(all_ranks, nodes, rounds=6):
    """Starts from all positions, then weighs those at which the tree found so far begins its steps."""
    positions = [p for row in all_ranks for p in row[:-1]]
    best, value = None, 0
    for _ in range(rounds):
        tree = best_tree(positions, nodes)
        tokens, steps, positions = simulate(all_ranks, tree)
        if tokens / steps > value:
            best, value = tree, tokens / steps
    return [list(c) for c in best], value  # of most worth first


def accuracies(all_ranks, heads):
    """Cumulative top-1..10 per head over all positions that have a target."""
    table = []
    for i in range(heads):
        values = [p[i] for row in all_ranks for p in row if p[i] != -2]
        table.append([round(sum(0 <= v <= k for v in values) / len(values), 4) for k in range(TOP)])
    return table


def load_heads(path, model):
    d = torch.load(path, weights_only=True)
    heads = Heads(model.c.dim, d["heads"], d["blocks"], model.embed.weight if d["v1"] else None)
    heads.load_state_dict(d["state"])
    return round_to_bf16(heads), d


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", required=True)
    parser.add_argument("--heads", required=True)
    parser.add_argument("--search", nargs="+", required=True, help="rows on training prompts, from distill.py")
    parser.add_argument("--measure", required=True, help="greedy rows on held-out prompts")
    parser.add_argument("--rows", type=int, default=1500, help="rows used for the search")
    parser.add_argument("--out", required=True, help="JSON with figures and trees")
    args = parser.parse_args()
    torch.set_num_threads(1)
    model, _ = load_checkpoint(args.base)
    round_to_bf16(model)
    heads, info = load_heads(args.heads, model)
    found = [r for path in args.search for r in torch.load(path, weights_only=True)]
    step = max(1, len(found) // args.rows)
    train = ranks(model, heads, found[::step])
    rows = torch.load(args.measure, weights_only=True)
    test = ranks(model, heads, rows)
    result = {"blocks": info["blocks"], "v1": info["v1"], "prompts": len(rows), "positions": sum(len(r) - 1 for r in test),
              "top1_to_top10": accuracies(test, heads.count)}
    for nodes in (24, 7, 5):
        choices, _ = search(train, nodes - 1)
        tokens, steps, _ = simulate(test, choices)
        kinds = {}
        for kind in sorted({r["kind"] for r in rows}):
            t, s, _ = simulate([x for x, r in zip(test, rows) if r["kind"] == kind], choices)
            kinds[kind] = round(t / s, 3)
        result[f"tree_{nodes}"] = {"tokens_per_step": round(tokens / steps, 3), "by_kind": kinds, "choices": choices}
    result["top1_by_kind"] = {kind: [a[0] for a in accuracies([x for x, r in zip(test, rows) if r["kind"] == kind], heads.count)] for kind in sorted({r["kind"] for r in rows})}
    with open(args.out, "w", encoding="utf-8") as f:
        json.dump(result, f, indent=1)
    print(json.dumps({k: v for k, v in result.items()}))
