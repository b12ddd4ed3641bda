# SPDX-License-Identifier: Apache-2.0
"""SentencePiece BPE with 2,048 pieces: bytes as fallback, single digits, nothing normalised, chat marks as control symbols."""
import argparse

import sentencepiece as spm

from chat_data import Conversations
from data import read_stories, split_stories

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--stories", nargs="+", required=True)
parser.add_argument("--out", required=True, help="prefix; OUT.model is written")
args = parser.parse_args()

train, _ = split_stories(read_stories(args.stories))
stream, lines = Conversations(train, 1), []
while len(lines) < 40000:
    for _, content in stream.make() or []:
        lines += [line for line in content.split("\n") if line]
spm.SentencePieceTrainer.train(
    sentence_iterator=iter(lines), model_prefix=args.out, model_type="bpe", vocab_size=2048, byte_fallback=True, split_digits=True,
    normalization_rule_name="identity", add_dummy_prefix=True, remove_extra_whitespaces=False, character_coverage=1.0,
    unk_id=0, bos_id=1, eos_id=2, pad_id=-1, control_symbols=["<|system|>", "<|user|>", "<|assistant|>", "<|end|>"],
    num_threads=2, minloglevel=1)
