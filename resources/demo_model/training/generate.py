# SPDX-License-Identifier: Apache-2.0
"""Batched generation with a KV cache, f32, for models made here."""
import torch

from model import rotate


class Batch:
    """Rows of different lengths: key j of row b is valid where j < length[b]; rows write at their own place."""

    def __init__(self, model, prompts, room):
        c = model.c
        self.model, self.rows = model, list(range(len(prompts)))
        self.length = torch.tensor([len(p) for p in prompts])
        size = int(self.length.max()) + room
        self.k = [torch.zeros(len(prompts), c.kv_heads, size, c.head_dim) for _ in model.blocks]
        self.v = [torch.zeros_like(k) for k in self.k]
        width = int(self.length.max())
        ids = torch.zeros(len(prompts), width, dtype=torch.long)
        for row, p in zip(ids, prompts):
            row[: len(p)] = torch.tensor(p)
        cache = model.new_cache()
        h = model.hidden(ids, cache=cache)  # causal, so what pads the end changes nothing before it
        for i, (k, v) in enumerate(cache):
            self.k[i][:, :, :width], self.v[i][:, :, :width] = k, v
        self.h = h[torch.arange(len(prompts)), self.length - 1]

    def step(self, tokens):
        """tokens [B] -> final-norm hidden [B, dim] of these tokens."""
        m, c = self.model, self.model.c
        B = len(tokens)
        rows, at = torch.arange(B), self.length
        L = int(at.max()) + 1
        valid = (torch.arange(L)[None] <= at[:, None])[:, None, None]  # [B, 1, 1, L]
        cos, sin = m.cos[at][:, None, None], m.sin[at][:, None, None]
        x = m.embed(tokens)[:, None]
        n = c.heads // c.kv_heads
        for i, b in enumerate(m.blocks):
            h = b.input_layernorm(x)
            q = rotate(b.q_proj(h).view(B, 1, c.heads, c.head_dim).transpose(1, 2), cos, sin)
            k = rotate(b.k_proj(h).view(B, 1, c.kv_heads, c.head_dim).transpose(1, 2), cos, sin)
            self.k[i][rows, :, at] = k[:, :, 0]
            self.v[i][rows, :, at] = b.v_proj(h).view(B, c.kv_heads, c.head_dim)
            q = q.view(B, c.kv_heads, n, c.head_dim)
            s = (q @ self.k[i][:, :, :L].transpose(2, 3)) * c.head_dim**-0.5
            a = s.masked_fill(~valid, float("-inf")).softmax(-1) @ self.v[i][:, :, :L]
            x = x + b.o_proj(a.reshape(B, 1, c.dim))
            h = b.post_attention_layernorm(x)
            x = x + b.down_proj(torch.nn.functional.silu(b.gate_proj(h)) * b.up_proj(h))
        self.length = self.length + 1
        return m.norm(x)[:, 0]

    def keep(self, alive):
        self.rows = [r for r, a in zip(self.rows, alive.tolist()) if a]
        self.k, self.v, self.length = [k[alive] for k in self.k], [v[alive] for v in self.v], self.length[alive]


@torch.inference_mode()
def generate(model, prompts, end, max_tokens=256, temperature=0.0, generator=None):
    """-> (answers as id lists with their end token, smallest lead of the winner over the runner-up in each)."""
    context = model.c.context
    answers, gaps = [[] for _ in prompts], [float("inf")] * len(prompts)
    batch = Batch(model, prompts, max_tokens)
    h, alive = batch.h, torch.ones(len(prompts), dtype=torch.bool)
    for _ in range(max_tokens):
        logits = model.logits(h)
        if temperature:
            noise = -torch.log(-torch.log(torch.rand(logits.shape, generator=generator).clamp_min(1e-20)))
            tokens = (logits / temperature + noise).argmax(-1)
        else:
            top = logits.topk(2, -1)
            tokens = top.indices[:, 0]
            for r, gap, a in zip(batch.rows, (top.values[:, 0] - top.values[:, 1]).tolist(), alive.tolist()):
                gaps[r] = min(gaps[r], gap) if a else gaps[r]
        for r, t, a in zip(batch.rows, tokens.tolist(), alive.tolist()):
            if a:
                answers[r].append(t)
        alive &= (tokens != end) & (batch.length + 2 < context)
        if not alive.any():
            break
        # Dropping rows copies the whole cache, so many at a time; sooner only where one would run out of positions.
        if alive.float().mean() < 0.75 or batch.length.max() + 2 >= context:
            batch.keep(alive)
            tokens, alive = tokens[alive], alive[alive]
        h = batch.step(tokens)
    return answers, gaps
