#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes tests/data/models_more: tiny random checkpoints with the reference's logits and greedy ids.

    python3 -m venv env && env/bin/pip install torch transformers safetensors
    env/bin/python tests/core/model/make_architecture_goldens.py tests/data/models_more

Expected values are those of f32 arithmetic (transformers, eager attention) on the stored weights.
A case's `context` is the length the model is loaded with; where it exceeds the trained one, the
reference too computes its rotary frequencies for that length, once.
"""

import json
import pathlib
import sys

import torch
import transformers
from safetensors.torch import save_file

PROMPT, NEW = 40, 24
KEPT = 16  # rows of logits, the prompt's last: all layers and positions are in them
SMALL = dict(vocab_size=48, hidden_size=24, intermediate_size=24, num_hidden_layers=2,
             num_attention_heads=3, num_key_value_heads=1, rms_norm_eps=1e-5, hidden_act="silu",
             bos_token_id=1, eos_token_id=2, max_position_embeddings=128)
# Two heads of 16: enough rotary pairs for every part of a scaling's ramp.
WIDE = dict(SMALL, num_attention_heads=2, num_key_value_heads=1, head_dim=16)


def case(base, model_type, context=None, container="safetensors", prefix="model.", padded_rows=0,
         **fields):
    config = dict(base, model_type=model_type, **fields)
    return dict(config={k: v for k, v in config.items() if v != "absent"}, container=container,
                prefix=prefix, padded_rows=padded_rows, context=context)


CASES = {
    "llama_yarn": case(
        WIDE, "llama", torch_dtype="bfloat16", rope_theta=10000.0, tie_word_embeddings=True,
        rope_scaling=dict(type="yarn", factor=4.0, original_max_position_embeddings=32)),
    "qwen3_yarn_v5": case(
        WIDE, "qwen3", dtype="bfloat16", tie_word_embeddings=True,
        rope_parameters=dict(rope_type="yarn", rope_theta=500000.0, factor=3.0, beta_fast=8.0,
                             beta_slow=0.5, truncate=False, mscale=0.7, mscale_all_dim=0.4,
                             original_max_position_embeddings=40)),
    "qwen2_yarn_factor": case(
        WIDE, "qwen2", torch_dtype="bfloat16", rope_theta=1000000.0, tie_word_embeddings=True,
        max_position_embeddings=32, use_sliding_window=False, sliding_window=32,
        rope_scaling=dict(type="yarn", factor=4.0, original_max_position_embeddings=32,
                          attention_factor=1.3)),
    "llama_dynamic": case(
        WIDE, "llama", context=PROMPT + NEW, torch_dtype="bfloat16", tie_word_embeddings=True,
        max_position_embeddings=32, rope_scaling=dict(rope_type="dynamic", factor=2.0)),
    "llama3_biases": case(
        WIDE, "llama", torch_dtype="bfloat16", rope_theta=500000.0, attention_bias=True,
        mlp_bias=True, tie_word_embeddings=False,
        rope_scaling=dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
                          original_max_position_embeddings=32)),
    "llama_head_dim": case(
        SMALL, "llama", container="bin", torch_dtype="float16", head_dim=10, mlp_bias=True,
        tie_word_embeddings=True),
    "mistral_no_window": case(
        SMALL, "mistral", torch_dtype="bfloat16", head_dim=16, sliding_window=None,
        tie_word_embeddings=False, num_key_value_heads=3),
    "mistral_window_v5": case(
        SMALL, "mistral", dtype="bfloat16", sliding_window=7, tie_word_embeddings=True,
        rope_parameters=dict(rope_type="default", rope_theta=10000.0), padded_rows=5),
    "qwen2_window_layers": case(
        SMALL, "qwen2", torch_dtype="bfloat16", use_sliding_window=True, sliding_window=12,
        max_window_layers=1, tie_word_embeddings=True, num_hidden_layers=3),
    "qwen2_layer_types": case(
        SMALL, "qwen2", dtype="bfloat16", use_sliding_window=True, sliding_window=5,
        max_window_layers=0, layer_types=["sliding_attention", "full_attention"],
        tie_word_embeddings=True),
    "qwen3": case(
        SMALL, "qwen3", torch_dtype="bfloat16", head_dim=16, rope_theta=1000000.0,
        tie_word_embeddings=False, attention_bias=False),
    "smollm3_interval": case(
        SMALL, "smollm3", torch_dtype="bfloat16", no_rope_layer_interval=2, num_hidden_layers=3,
        num_key_value_heads=3, tie_word_embeddings="absent", pad_token_id=3, prefix=""),
    "smollm3_list_v5": case(
        SMALL, "smollm3", dtype="bfloat16", no_rope_layers=[0, 1], no_rope_layer_interval=4,
        use_sliding_window=True, sliding_window=9, attention_bias=True,
        layer_types=["sliding_attention", "full_attention"], tie_word_embeddings=True,
        pad_token_id=3, rope_parameters=dict(rope_type="default", rope_theta=5000000.0)),
}


def random_weights(model, dtype, generator):
    """Every parameter anew, rounded to the stored type: large enough that no layer is idle."""
    weights = {}
    for name, tensor in model.state_dict().items():
        values = torch.randn(tensor.shape, generator=generator)
        if "norm" in name:
            values = 1 + 0.3 * values
        elif name.endswith(".bias"):
            values = 0.5 * values
        elif "embed_tokens" not in name:
            values = values * (1.5 / tensor.shape[1] ** 0.5)
        weights[name] = values.to(dtype)
    if model.config.tie_word_embeddings:
        weights["lm_head.weight"] = weights["model.embed_tokens.weight"]
    return weights


@torch.no_grad()
def logits_of(model, ids, length):
    """Logits of `ids`, padded behind to `length` so that lengths seen by the model are the same."""
    padded = ids + [0] * (length - len(ids))
    return model(torch.tensor([padded]), use_cache=False).logits[0, : len(ids)].float()


def make(folder, spec, seed):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(spec["config"], indent=1) + "\n")
    config = transformers.AutoConfig.from_pretrained(folder)
    config._attn_implementation = "eager"
    dtype = getattr(torch, spec["config"].get("torch_dtype") or spec["config"]["dtype"])
    generator = torch.Generator().manual_seed(seed)
    model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()
    weights = random_weights(model, dtype, generator)
    model.load_state_dict({k: v.float() for k, v in weights.items()})

    length = spec["context"] or PROMPT + NEW
    prompt = torch.randint(3, config.vocab_size, (PROMPT,), generator=generator).tolist()
    expected = logits_of(model, prompt, length)
    ids, gap = list(prompt), float("inf")
    for _ in range(NEW):
        top = torch.topk(logits_of(model, ids, length)[-1], 2)
        gap = min(gap, float(top.values[0] - top.values[1]))
        ids.append(int(top.indices[0]))
    if gap < 5e-3 or len(set(ids[PROMPT:])) < 6:
        return False

    stored = {}
    for name, tensor in weights.items():
        if name == "lm_head.weight" and config.tie_word_embeddings:
            continue
        if name == "model.embed_tokens.weight" and spec["padded_rows"]:
            rows = torch.full((spec["padded_rows"], tensor.shape[1]), 9.0, dtype=tensor.dtype)
            tensor = torch.cat([tensor, rows])
        stored[name.replace("model.", spec["prefix"], 1)] = tensor.contiguous()
    if spec["container"] == "bin":
        half = config.head_dim // 2
        for layer in range(config.num_hidden_layers):
            stored[f"model.layers.{layer}.self_attn.rotary_emb.inv_freq"] = torch.ones(half)
        torch.save(stored, folder / "pytorch_model.bin")
    else:
        save_file(stored, folder / "model.safetensors", metadata={"format": "pt"})
    save_file({"input_ids": torch.tensor(prompt), "greedy_ids": torch.tensor(ids[PROMPT:]),
               "last_logits": expected[-KEPT:].contiguous()}, folder / "expected.safetensors")
    (folder / "case.json").write_text(json.dumps(
        {"context": length, "seed": seed, "min_top1_gap": round(gap, 5),
         "transformers": transformers.__version__}) + "\n")
    return True


def main():
    root = pathlib.Path(sys.argv[1])
    torch.set_num_threads(1)
    for number, (name, spec) in enumerate(CASES.items()):
        seed = 100 * number
        while not make(root / name, spec, seed):
            seed += 1
        print(name, seed)


main()
