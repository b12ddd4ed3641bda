# SPDX-License-Identifier: Apache-2.0
"""Held-out shard: corpus stories behind their request (kind 0) and conversations whose prompts were held out (kind 1)."""
import argparse

import numpy as np
import sentencepiece as spm

from chat_data import Conversations, story_request, styled
from data import Encoder, read_stories, split_stories

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--stories", nargs="+", required=True)
parser.add_argument("--tokenizer", required=True)
parser.add_argument("--out", required=True)
parser.add_argument("--chats", type=int, default=250)
args = parser.parse_args()

_, held = split_stories(read_stories(args.stories))
encoder = Encoder(spm.SentencePieceProcessor(model_file=args.tokenizer))
stream = Conversations(held, 99, held=True, corpus_share=0.0)
ids, mask, kind = [], [], []


def put(pair, k):
    ids.extend(pair[0])
    mask.extend(pair[1])
    kind.extend([k] * len(pair[0]))


for story in held:
    put(encoder.chat([("user", styled(story_request(story, stream.rng), stream.rng)), ("assistant", story)]), 0)
n = 0
while n < args.chats:
    messages = stream.make()
    if messages:
        put(encoder.chat(messages), 1)
        n += 1
np.savez(args.out, ids=np.array(ids, np.uint16), mask=np.array(mask, np.uint8), kind=np.array(kind, np.uint8))
print(len(held), "stories", len(ids), "tokens")
