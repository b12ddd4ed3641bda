# SPDX-License-Identifier: Apache-2.0
"""Prints answers to a list of prompts over all skills, for reading."""
import argparse

import sentencepiece as spm
import torch

from data import Encoder
from generate import generate
from model import load_checkpoint, round_to_bf16

PROMPTS = """Hello!|hi there|how are you?|thanks|bye|What is your name?|who are you|Count to twenty|Count from 5 to 12|count down from 10|count to 37|Count from 88 to 97|count by fives to 40
List the days of the week.|months of the year backwards|what day comes after Tuesday?|Which month comes before May?|Say the alphabet|What is 4 plus 5?|what is 8 + 7
What is Gorgon?|What is Medusa?|What is a Medusa head?|whats a candidate tree|What is tree attention?|explain typical acceptance|what is the posterior threshold?|What is epsilon?|and alpha?|what's the difference between greedy and exact acceptance?
What is a step?|Why is it faster?|Does Medusa change the text?|Is my data private?|Do I need a GPU?|Who made Medusa?|what is top-k|What is the KV cache?|What is the acceptance length?|How do I stop the answer?|how can i regenerate|What does the tree show?|What do the colours mean?|How do I train heads?|what can you do
What is the capital of France?|Write a Python program|how do I grow tomatoes?|What is the best football team?|Tell me a story about a dragon and a kite.|Write a short story about Tom and his red ball|Tell me a story about a robot who wants to dance|tell me a story|story about a whale and a lamp please|Tell me a story about Anna and her grandma."""

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--base", required=True)
parser.add_argument("--tokenizer", required=True)
parser.add_argument("--temperature", type=float, default=0.0)
parser.add_argument("--prompts", help="separated by |")
args = parser.parse_args()
torch.set_num_threads(1)
model, _ = load_checkpoint(args.base)
round_to_bf16(model)
encoder = Encoder(spm.SentencePieceProcessor(model_file=args.tokenizer))
prompts = (args.prompts or PROMPTS.replace("\n", "|")).split("|")
order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
ids = [encoder.chat([("user", p)], prompt_only=True)[0] for p in prompts]
answers, _ = generate(model, ids, encoder.end, 360, args.temperature, torch.Generator().manual_seed(1))
for p, a in zip(prompts, answers):
    print(f"> {p}\n{encoder.sp.decode([i for i in a if i != encoder.end])}{'' if a[-1] == encoder.end else ' [no end]'}\n")
