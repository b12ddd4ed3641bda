# SPDX-License-Identifier: Apache-2.0
"""Writes the Hugging Face folder: base in bf16, heads in bf16, tokenizer, configuration, candidate tree."""
import argparse
import json
import os
import shutil

import sentencepiece as spm
import torch
from safetensors.torch import save_file

from model import load_checkpoint, read_json
from tree import load_heads

TEMPLATE = ("{{ bos_token }}{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}{% endfor %}"
            "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}")

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--base", required=True)
parser.add_argument("--heads", required=True)
parser.add_argument("--tokenizer", required=True)
parser.add_argument("--figures", help="from tree.py; its 7-node tree becomes medusa_choices.json")
parser.add_argument("--out", required=True)
args = parser.parse_args()

os.makedirs(args.out, exist_ok=True)
model, _ = load_checkpoint(args.base)
heads, info = load_heads(args.heads, model)
c = model.c
sp = spm.SentencePieceProcessor(model_file=args.tokenizer)
end = sp.piece_to_id("<|end|>")

tensors = {"model.embed_tokens.weight": model.embed.weight, "model.norm.weight": model.norm.weight}
for i, block in enumerate(model.blocks):
    for name, p in block.named_parameters():
        where = "self_attn." if name[0] in "qkvo" and name[1] == "_" else "mlp." if name.split("_")[0] in ("gate", "up", "down") else ""
        tensors[f"model.layers.{i}.{where}{name}"] = p
save_file({k: v.detach().bfloat16().contiguous() for k, v in tensors.items()}, f"{args.out}/model.safetensors", {"format": "pt"})
save_file({k: v.bfloat16().contiguous() for k, v in heads.tensors().items()}, f"{args.out}/medusa_lm_head.safetensors", {"format": "pt"})
shutil.copy(args.tokenizer, f"{args.out}/tokenizer.model")


def write(name, value):
    with open(f"{args.out}/{name}", "w", encoding="utf-8") as f:
        f.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


write("config.json", {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu", "hidden_size": c.dim, "intermediate_size": c.ff,
    "num_hidden_layers": c.layers, "num_attention_heads": c.heads, "num_key_value_heads": c.kv_heads, "head_dim": c.head_dim,
    "vocab_size": c.vocab, "max_position_embeddings": c.context, "rms_norm_eps": c.eps, "rope_theta": c.theta, "rope_scaling": None,
    "attention_bias": False, "mlp_bias": False, "attention_dropout": 0.0, "initializer_range": 0.02, "tie_word_embeddings": True,
    "bos_token_id": sp.bos_id(), "eos_token_id": end, "torch_dtype": "bfloat16", "use_cache": True,
    "medusa_num_heads": heads.count, "medusa_num_layers": heads.blocks, "version": "1" if info["v1"] else "2"})
write("generation_config.json", {"bos_token_id": sp.bos_id(), "eos_token_id": end, "do_sample": True, "temperature": 0.7, "max_new_tokens": 512})
special = ["<unk>", "<s>", "</s>", "<|system|>", "<|user|>", "<|assistant|>", "<|end|>"]
token = lambda s: {"content": s, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False, "special": True}
write("tokenizer_config.json", {
    "add_bos_token": True, "add_eos_token": False, "added_tokens_decoder": {str(sp.piece_to_id(s)): token(s) for s in special},
    "bos_token": "<s>", "eos_token": "<|end|>", "unk_token": "<unk>", "pad_token": None, "chat_template": TEMPLATE,
    "clean_up_tokenization_spaces": False, "legacy": True, "model_max_length": c.context, "sp_model_kwargs": {}, "spaces_between_special_tokens": False,
    "tokenizer_class": "LlamaTokenizer", "use_default_system_prompt": False})
write("special_tokens_map.json", {"bos_token": "<s>", "eos_token": "<|end|>", "unk_token": "<unk>",
                                  "additional_special_tokens": ["<|system|>", "<|user|>", "<|assistant|>"]})
if args.figures:
    choices = read_json(args.figures)["tree_7"]["choices"]
else:  # a plain tree for a first look
    choices = [[0], [0, 0], [0, 0, 0], [0, 0, 0, 0], [0, 1], [1]]
with open(f"{args.out}/medusa_choices.json", "w", encoding="utf-8") as f:
    f.write(json.dumps(choices) + "\n")
for name in os.listdir(args.out):
    if os.path.isfile(f"{args.out}/{name}"):
        os.chmod(f"{args.out}/{name}", 0o644)
size = sum(os.path.getsize(f"{args.out}/{n}") for n in os.listdir(args.out) if os.path.isfile(f"{args.out}/{n}"))
print(f"{size / 1e6:.2f} MB; base {sum(p.numel() for p in model.parameters())}, heads {sum(p.numel() for p in heads.parameters())} parameters; {len(choices)} choices")
