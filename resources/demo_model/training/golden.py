# SPDX-License-Identifier: Apache-2.0
"""golden.json: greedy answers of the stored weights in f32, computed apart from the training code's cache, for tests of
the engine. Reads the exported folder; picks prompts whose closest decision is wider than --gap."""
import argparse
import json

import sentencepiece as spm
import torch
from safetensors.torch import load_file

from data import Encoder
from generate import generate
from model import Config, Model, read_json

CHATS = [
    [("user", "Hello!")], [("user", "Count to twenty.")], [("user", "What is a Medusa head?")], [("user", "Tell me a story about a dragon and a kite.")],
    [("user", "List the months backwards.")], [("user", "Which day comes after Tuesday?")], [("user", "why is it faster")], [("user", "What is the weather tomorrow?")],
    [("system", "You are a helpful assistant."), ("user", "What is a candidate tree?")], [("user", "Write a short story about Tom and his red ball")],
    [("user", "Tell me a story about a cat.")], [("user", "Tell me a short story about a frog and a drum.")], [("user", "What is typical acceptance?")], [("user", "Say the alphabet.")],
    [("user", "Count from 5 to 12."), None, ("user", "now backwards")], [("user", "hi, how are you?"), None, ("user", "Tell me a story about a bear and a lamp."), None, ("user", "Thank you!")],
    [("user", "What is Gorgon?"), None, ("user", "Does it change the text?")], [("user", "Count down from 10"), None, ("user", "List the days of the week."), None, ("user", "Bye!")],
]

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--model", required=True, help="exported folder")
parser.add_argument("--out", required=True)
parser.add_argument("--gap", type=float, default=1e-3)
parser.add_argument("--max-tokens", type=int, default=160)
parser.add_argument("--count", type=int, default=10)
args = parser.parse_args()

torch.set_num_threads(1)
t = load_file(f"{args.model}/model.safetensors")
j = read_json(f"{args.model}/config.json")
c = Config(j["vocab_size"], j["hidden_size"], j["num_hidden_layers"], j["num_attention_heads"], j["num_key_value_heads"], j["intermediate_size"],
           j["max_position_embeddings"], j["rope_theta"], j["rms_norm_eps"])
state = {"embed.weight": t["model.embed_tokens.weight"], "norm.weight": t["model.norm.weight"]}
for key, value in t.items():
    if key.startswith("model.layers."):
        _, _, i, *rest = key.split(".")
        state[f"blocks.{i}." + ".".join(rest).replace("self_attn.", "").replace("mlp.", "")] = value
model = Model(c)
model.load_state_dict({k: v.float() for k, v in state.items()})
model.eval()
encoder = Encoder(spm.SentencePieceProcessor(model_file=f"{args.model}/tokenizer.model"))

cases = []
for chat in CHATS:
    messages = []
    for m in chat:
        if m is None:  # the model's own answer of the turn before
            ids, _ = encoder.chat(messages, prompt_only=True)
            answer = generate(model, [ids], encoder.end, args.max_tokens)[0][0]
            m = ("assistant", encoder.sp.decode([i for i in answer if i != encoder.end]))
        messages.append(m)
    ids, _ = encoder.chat(messages, prompt_only=True)
    (answer,), (gap,) = generate(model, [ids], encoder.end, args.max_tokens)
    with torch.inference_mode():  # once more without any cache
        logits = model.logits(model.hidden(torch.tensor([ids + answer])))[0]
    assert logits[len(ids) - 1:-1].argmax(-1).tolist() == answer, "cached and uncached decoding differ"
    cases.append({"messages": [{"role": r, "content": x} for r, x in messages], "prompt_ids": ids, "answer_ids": answer,
                  "text": encoder.sp.decode([i for i in answer if i != encoder.end]), "ended": answer[-1] == encoder.end, "min_top1_gap": round(gap, 5)})
good = [x for x in cases if x["min_top1_gap"] > args.gap]
several = [x for x in good if len(x["messages"]) > 2][:3]
single = [x for x in good if len(x["messages"]) <= 2][: args.count - len(several)]
with open(args.out, "w", encoding="utf-8") as f:
    json.dump({"arithmetic": "f32 on the stored bf16 weights, greedy, without heads", "max_tokens": args.max_tokens, "cases": single + several}, f, indent=1, ensure_ascii=False)
    f.write("\n")
print(len(cases), "tried,", len(single) + len(several), "kept; gaps", [x["min_top1_gap"] for x in cases])
