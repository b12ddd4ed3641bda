# SPDX-License-Identifier: Apache-2.0
"""Writes one training shard, OUT.npz: ids uint16 [N], mask uint8 [N]."""
import argparse

import numpy as np
import sentencepiece as spm

from data import Encoder, make_shard, read_stories, split_stories

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--stories", nargs="+", required=True)
parser.add_argument("--tokenizer", required=True)
parser.add_argument("--out", required=True)
parser.add_argument("--tokens", type=int, default=24_000_000)
parser.add_argument("--seed", type=int, default=11)
parser.add_argument("--corpus-share", type=float, default=0.5, help="share of conversations that hold a corpus story")
parser.add_argument("--drill", type=float, default=1, help="more counting, calendar and sums")
args = parser.parse_args()

train, held = split_stories(read_stories(args.stories))
encoder = Encoder(spm.SentencePieceProcessor(model_file=args.tokenizer))
ids, mask = make_shard(encoder, train, args.tokens, args.seed, args.corpus_share, drill=args.drill)
np.savez(args.out, ids=ids, mask=mask)
print(f"{len(train)} stories ({len(held)} held out), {len(ids)} tokens, {(mask > 0).mean():.3f} trained on")
