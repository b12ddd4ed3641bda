# SPDX-License-Identifier: Apache-2.0
"""The demo model: a small Llama (Hugging Face layout, half-split RoPE) with Medusa heads, for training on a CPU.

Weights are kept in f32 while training; matrices multiply in bf16 under autocast (AMX makes that about ten times
faster than f32). Everything that measures or records answers runs in f32 on weights rounded to bf16.
"""
import json
from dataclasses import dataclass, asdict

import torch
import torch.nn as nn
import torch.nn.functional as F


@dataclass
class Config:
    vocab: int = 2048
    dim: int = 256
    layers: int = 6
    heads: int = 8
    kv_heads: int = 4
    ff: int = 768
    context: int = 1024
    theta: float = 10000.0
    eps: float = 1e-5
    dropout: float = 0.0

    @property
    def head_dim(self):
        return self.dim // self.heads


class RMSNorm(nn.Module):
    def __init__(self, dim, eps):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))
        self.eps = eps

    def forward(self, x):
        y = x.float()
        y = y * torch.rsqrt(y.pow(2).mean(-1, keepdim=True) + self.eps)
        return (y * self.weight).to(x.dtype)


def rope_table(config, length):
    inverse = config.theta ** (-torch.arange(0, config.head_dim, 2).float() / config.head_dim)
    angle = torch.outer(torch.arange(length).float(), inverse)
    angle = torch.cat([angle, angle], -1)  # [length, head_dim]
    return angle.cos(), angle.sin()


def rotate(x, cos, sin):  # x [B, heads, T, head_dim]
    a, b = x.chunk(2, -1)
    return x * cos + torch.cat([-b, a], -1) * sin


class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c = c
        self.input_layernorm = RMSNorm(c.dim, c.eps)
        self.post_attention_layernorm = RMSNorm(c.dim, c.eps)
        self.q_proj = nn.Linear(c.dim, c.dim, bias=False)
        self.k_proj = nn.Linear(c.dim, c.kv_heads * c.head_dim, bias=False)
        self.v_proj = nn.Linear(c.dim, c.kv_heads * c.head_dim, bias=False)
        self.o_proj = nn.Linear(c.dim, c.dim, bias=False)
        self.gate_proj = nn.Linear(c.dim, c.ff, bias=False)
        self.up_proj = nn.Linear(c.dim, c.ff, bias=False)
        self.down_proj = nn.Linear(c.ff, c.dim, bias=False)

    def forward(self, x, cos, sin, cache=None, mask=None):
        c = self.c
        B, T, _ = x.shape
        h = self.input_layernorm(x)
        q = self.q_proj(h).view(B, T, c.heads, c.head_dim).transpose(1, 2)
        k = self.k_proj(h).view(B, T, c.kv_heads, c.head_dim).transpose(1, 2)
        v = self.v_proj(h).view(B, T, c.kv_heads, c.head_dim).transpose(1, 2)
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        if cache is not None:  # cache: [k, v], each [B, kv_heads, past, head_dim]
            if cache[0] is not None:
                k, v = torch.cat([cache[0], k], 2), torch.cat([cache[1], v], 2)
            cache[0], cache[1] = k, v
        n = c.heads // c.kv_heads
        k, v = k.repeat_interleave(n, 1), v.repeat_interleave(n, 1)
        a = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=mask is None and T > 1)
        a = self.o_proj(a.transpose(1, 2).reshape(B, T, c.dim))
        x = x + F.dropout(a, c.dropout, self.training)
        h = self.post_attention_layernorm(x)
        h = self.down_proj(F.silu(self.gate_proj(h)) * self.up_proj(h))
        return x + F.dropout(h, c.dropout, self.training)


class Model(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c = c
        self.embed = nn.Embedding(c.vocab, c.dim)  # tied with the output matrix
        self.blocks = nn.ModuleList(Block(c) for _ in range(c.layers))
        self.norm = RMSNorm(c.dim, c.eps)
        for name, p in self.named_parameters():
            if p.dim() == 2:
                nn.init.normal_(p, std=0.02)
            if name.endswith(("o_proj.weight", "down_proj.weight")):
                nn.init.normal_(p, std=0.02 / (2 * c.layers) ** 0.5)
        cos, sin = rope_table(c, c.context)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)

    def hidden(self, ids, cache=None, positions=None, mask=None):
        """ids [B, T] -> final-norm output [B, T, dim]; positions [B, T] where rows start at different places."""
        if positions is None:
            cos, sin = self.cos[: ids.shape[1]], self.sin[: ids.shape[1]]
        else:
            cos, sin = self.cos[positions][:, None], self.sin[positions][:, None]
        x = self.embed(ids)
        x = F.dropout(x, self.c.dropout, self.training)
        for i, block in enumerate(self.blocks):
            x = block(x, cos, sin, None if cache is None else cache[i], mask)
        return self.norm(x)

    def logits(self, h):
        return F.linear(h, self.embed.weight)

    def new_cache(self):
        return [[None, None] for _ in self.blocks]


class Heads(nn.Module):
    """K Medusa heads of `blocks` residual blocks; vocabulary matrices of their own (v1) or the base's (v2)."""

    def __init__(self, dim, count=4, blocks=1, vocab_weight=None):
        super().__init__()
        self.count, self.blocks = count, blocks
        self.linear = nn.ModuleList(nn.ModuleList(nn.Linear(dim, dim) for _ in range(blocks)) for _ in range(count))
        for head in self.linear:
            for linear in head:
                nn.init.zeros_(linear.weight)
                nn.init.zeros_(linear.bias)
        self.out = None
        if vocab_weight is not None:
            self.out = nn.ParameterList(nn.Parameter(vocab_weight.detach().clone()) for _ in range(count))

    def forward(self, h, lm_head, i):
        for linear in self.linear[i]:
            h = h + F.silu(linear(h))
        return F.linear(h, lm_head if self.out is None else self.out[i])

    def tensors(self):
        """The published layout: {head}.{block}.linear.weight|bias and, for v1, {head}.{blocks}.weight."""
        t = {}
        for i, head in enumerate(self.linear):
            for j, linear in enumerate(head):
                t[f"{i}.{j}.linear.weight"] = linear.weight
                t[f"{i}.{j}.linear.bias"] = linear.bias
            if self.out is not None:
                t[f"{i}.{self.blocks}.weight"] = self.out[i]
        return {k: v.detach() for k, v in t.items()}


def round_to_bf16(module):
    with torch.no_grad():
        for p in module.parameters():
            p.copy_(p.bfloat16().float())
    return module


def save_checkpoint(path, model, **extra):
    torch.save({"config": asdict(model.c), "state": model.state_dict(), **extra}, path)


def load_checkpoint(path):
    d = torch.load(path, weights_only=True)
    c = Config(**{**d["config"], "dropout": 0.0})
    model = Model(c)
    model.load_state_dict(d["state"])
    return model.eval(), d


def read_json(path):
    with open(path, encoding="utf-8") as f:
        return json.load(f)
