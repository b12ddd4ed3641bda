# SPDX-License-Identifier: Apache-2.0
"""Makes the whole demo model from story files: tokenizer, data, base, own text, heads, tree, figures, exported folder.

python make_demo_model.py --stories FILE... --work DIR --out DIR [--minutes 60]
"""
import argparse
import json
import os
import subprocess
import sys

from model import read_json

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--stories", nargs="+", required=True, help="TinyStories text, stories apart by <|endoftext|> or one a line; .xz is read too")
parser.add_argument("--work", required=True, help="folder for data, checkpoints and logs")
parser.add_argument("--out", required=True, help="folder of the finished model; figures go to OUT/training")
parser.add_argument("--minutes", type=float, default=60, help="time for the base")
parser.add_argument("--head-minutes", type=float, default=4)
parser.add_argument("--processes", type=int, default=2, help="cores to use")
parser.add_argument("--tokens", type=int, default=24_000_000, help="size of the training shard")
parser.add_argument("--own-tokens", type=int, default=600_000, help="text for the heads, written by the model")
parser.add_argument("--from-step", type=int, default=0, help="skip what is done already")
args = parser.parse_args()

here = os.path.dirname(os.path.abspath(__file__))
work = lambda name: os.path.join(args.work, name)
os.makedirs(args.work, exist_ok=True)
os.makedirs(os.path.join(args.out, "training"), exist_ok=True)
STORIES = ["--stories", *args.stories]
TOKENIZER = ["--tokenizer", work("tok.model")]
BASE = ["--base", work("base.pt")]


def run(script, *options, wait=True, launcher=()):
    command = [sys.executable, *launcher, os.path.join(here, script), *map(str, options)]
    print("+", " ".join(command), flush=True)
    process = subprocess.Popen(command)
    if wait and process.wait():
        raise SystemExit(f"{script} failed")
    return process


def tokenizer():
    run("train_tokenizer.py", *STORIES, "--out", work("tok"))


def data():
    run("build_eval.py", *STORIES, *TOKENIZER, "--out", work("eval.npz"))
    run("build_data.py", *STORIES, *TOKENIZER, "--out", work("train.npz"), "--tokens", args.tokens, "--corpus-share", 0.5)
    run("build_data.py", *STORIES, *TOKENIZER, "--out", work("last.npz"), "--tokens", args.tokens // 4, "--seed", 17, "--corpus-share", 0.3, "--drill", 2.5)


def base():
    launcher = ("-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={args.processes}")
    common = ["--eval", work("eval.npz"), "--batch", 4096, "--micro", 4096 // args.processes]
    run("train_base.py", *common, "--shard", work("train.npz"), "--out", work("first.pt"), "--minutes", args.minutes * 0.75,
        "--lr", 0.015, "--cool", 0.65, "--long", 0.75, "--aux", 0.15, launcher=launcher)
    run("train_base.py", *common, "--shard", work("last.npz"), "--init", work("first.pt"), "--out", work("base.pt"), "--minutes", args.minutes * 0.25,
        "--lr", 0.010, "--cool", 0.95, "--long", 0.45, "--aux", 0.2, launcher=launcher)


def own_text():
    processes = [run("distill.py", *STORIES, *TOKENIZER, *BASE, "--seed", 31 + i, "--out", work(f"own{i}.pt"),
                     "--tokens", args.own_tokens // args.processes, "--minutes", 15, wait=False) for i in range(args.processes)]
    if any(p.wait() for p in processes):
        raise SystemExit("distill.py failed")
    run("distill.py", *STORIES, *TOKENIZER, *BASE, "--held-out", 240, "--out", work("held.pt"))


def heads():
    text = [work(f"own{i}.pt") for i in range(args.processes)]
    best = None
    for blocks in (1, 2):
        name = f"heads_v2_{blocks}"
        warm = ["--warm-start"] if blocks == 2 else []
        run("train_heads.py", *BASE, "--text", *text, "--blocks", blocks, "--minutes", args.head_minutes, "--out", work(name + ".pt"), *warm)
        run("tree.py", *BASE, "--heads", work(name + ".pt"), "--search", *text, "--measure", work("held.pt"), "--out", work(name + ".json"))
        value = read_json(work(name + ".json"))["tree_24"]["tokens_per_step"]
        if best is None or value > best[0]:
            best = (value, name)
    os.replace(work(best[1] + ".pt"), work("heads.pt"))
    os.replace(work(best[1] + ".json"), work("figures.json"))


def export():
    run("export.py", *BASE, "--heads", work("heads.pt"), *TOKENIZER, "--figures", work("figures.json"), "--out", args.out)
    run("loss.py", *STORIES, *TOKENIZER, *BASE, "--out", work("loss.json"))
    run("golden.py", "--model", args.out, "--out", os.path.join(args.out, "training", "golden.json"))
    run("skills.py", *TOKENIZER, *BASE, "--out", work("skills.json"))
    with open(os.path.join(args.out, "training", "measured.json"), "w", encoding="utf-8") as f:
        f.write(json.dumps({"loss": read_json(work("loss.json")), "heads": read_json(work("figures.json")), "exactly_right": read_json(work("skills.json"))}, indent=1) + "\n")


for i, step in enumerate([tokenizer, data, base, own_text, heads, export]):
    if i >= args.from_step:
        print(f"== {i} {step.__name__}", flush=True)
        step()
