# SPDX-License-Identifier: GPL-3.0-or-later
"""Checkpoints packed by others. The layouts are written down here once more, from their description: a packed
model must compute exactly what the same model with the unpacked numbers computes."""
import itertools
import json
import random
import struct

import cli
from cli import CliTest, read_safetensors

CONFIG = {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 32, "intermediate_size": 64,
          "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1, "vocab_size": 40,
          "max_position_embeddings": 64, "rms_norm_eps": 1e-5, "hidden_act": "silu", "torch_dtype": "float16",
          "tie_word_embeddings": False, "bos_token_id": 1, "eos_token_id": 2}
MATRICES = {"self_attn.q_proj": (32, 32), "self_attn.k_proj": (16, 32), "self_attn.v_proj": (16, 32),
            "self_attn.o_proj": (32, 32), "mlp.gate_proj": (64, 32), "mlp.up_proj": (64, 32), "mlp.down_proj": (32, 64)}
AWQ_ORDER = (0, 2, 4, 6, 1, 3, 5, 7)


def f16(value):
    return struct.unpack("<e", struct.pack("<e", value))[0]


def f32(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


def pack(dtype, values):
    if dtype == "BF16":
        return b"".join(struct.pack("<f", value)[2:] for value in values)
    code = {"F32": "f", "F16": "e", "I32": "i", "F8_E4M3": "B"}[dtype]
    return struct.pack(f"<{len(values)}{code}", *values)


def signed(word):
    return word - (1 << 32) if word >= 1 << 31 else word


def write_safetensors(path, tensors):
    """tensors: name -> (dtype, shape, flat values)."""
    header, data = {}, b""
    for name, (dtype, shape, values) in tensors.items():
        raw = pack(dtype, values)
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def pack_gptq(rng, n_out, n_in, bits, group, act_order, second_version):
    """Packed tensors by suffix, and the rows they stand for."""
    n_groups, per, top = n_in // group, 32 // bits, (1 << bits) - 1
    q = [[rng.randint(0, top) for _ in range(n_in)] for _ in range(n_out)]
    zero = [[rng.randint(0, top) for _ in range(n_out)] for _ in range(n_groups)]
    scale = [[f16(rng.uniform(0.001, 0.02)) for _ in range(n_out)] for _ in range(n_groups)]
    group_of = [i // group for i in range(n_in)]
    if act_order:
        rng.shuffle(group_of)
    qweight = [[0] * n_out for _ in range(n_in // per)]
    for i, o in itertools.product(range(n_in), range(n_out)):
        qweight[i // per][o] |= q[o][i] << bits * (i % per)
    qzeros = [[0] * (n_out // per) for _ in range(n_groups)]
    for g, o in itertools.product(range(n_groups), range(n_out)):
        stored = zero[g][o] if second_version else (zero[g][o] - 1) & top
        qzeros[g][o // per] |= stored << bits * (o % per)
    rows = [[scale[group_of[i]][o] * (q[o][i] - zero[group_of[i]][o]) for i in range(n_in)] for o in range(n_out)]
    flat = itertools.chain.from_iterable
    return {"qweight": ("I32", (n_in // per, n_out), [signed(w) for w in flat(qweight)]),
            "qzeros": ("I32", (n_groups, n_out // per), [signed(w) for w in flat(qzeros)]),
            "scales": ("F16", (n_groups, n_out), list(flat(scale))),
            **({"g_idx": ("I32", (n_in,), group_of)} if act_order else {})}, rows


def pack_awq(rng, n_out, n_in, group):
    n_groups = n_in // group
    q = [[rng.randint(0, 15) for _ in range(n_out)] for _ in range(n_in)]
    zero = [[rng.randint(0, 15) for _ in range(n_out)] for _ in range(n_groups)]
    scale = [[f16(rng.uniform(0.001, 0.02)) for _ in range(n_out)] for _ in range(n_groups)]

    def words(row):
        return [signed(sum(row[first + AWQ_ORDER[place]] << 4 * place for place in range(8)))
                for first in range(0, n_out, 8)]

    rows = [[scale[i // group][o] * (q[i][o] - zero[i // group][o]) for i in range(n_in)] for o in range(n_out)]
    flat = itertools.chain.from_iterable
    return {"qweight": ("I32", (n_in, n_out // 8), list(flat(map(words, q)))),
            "qzeros": ("I32", (n_groups, n_out // 8), list(flat(map(words, zero)))),
            "scales": ("F16", (n_groups, n_out), list(flat(scale)))}, rows


def e4m3(byte):
    exponent, mantissa = byte >> 3 & 15, byte & 7
    value = mantissa * 2.0 ** -9 if exponent == 0 else (8 + mantissa) * 2.0 ** (exponent - 10)
    return -value if byte & 128 else value


def pack_fp8(rng, n_out, n_in, kind):
    weight = [[rng.choice([b for b in range(256) if b & 127 <= 0x5F]) for _ in range(n_in)] for _ in range(n_out)]
    height, width = {"tensor": (n_out, n_in), "channel": (1, n_in), "block": (24, 16)}[kind]
    n_down, n_across = -(-n_out // height), -(-n_in // width)
    scale = [[f32(rng.uniform(0.0005, 0.003)) for _ in range(n_across)] for _ in range(n_down)]
    rows = [[f32(e4m3(weight[o][i]) * scale[o // height][i // width]) for i in range(n_in)] for o in range(n_out)]
    shape = {"tensor": (), "channel": (n_out, 1), "block": (n_down, n_across)}[kind]
    flat = itertools.chain.from_iterable
    return {"weight": ("F8_E4M3", (n_out, n_in), list(flat(weight))),
            "weight_scale_inv" if kind == "block" else "weight_scale": ("F32", shape, list(flat(scale)))}, rows


class Packed(CliTest):
    def models(self, packer, quantization):
        """Folders of a packed model and of the same one unpacked."""
        rng = random.Random(5)

        def plain(n, spread, middle=0.0):
            return [f16(middle + rng.uniform(-spread, spread)) for _ in range(n)]

        common = {"model.embed_tokens.weight": ("F16", (40, 32), plain(1280, 0.5)),
                  "lm_head.weight": ("F16", (40, 32), plain(1280, 0.5)),
                  "model.norm.weight": ("F16", (32,), plain(32, 0.2, 1))}
        packed, unpacked = {}, {}
        for layer in range(CONFIG["num_hidden_layers"]):
            prefix = f"model.layers.{layer}."
            for norm in ("input_layernorm", "post_attention_layernorm"):
                common[f"{prefix}{norm}.weight"] = ("F16", (32,), plain(32, 0.2, 1))
            for name, shape in MATRICES.items():
                parts, rows = packer(rng, *shape)
                packed.update({f"{prefix}{name}.{suffix}": part for suffix, part in parts.items()})
                unpacked[f"{prefix}{name}.weight"] = ("F32", shape, list(itertools.chain.from_iterable(rows)))
        folders = []
        for name, tensors, more in (("packed", packed, {"quantization_config": quantization}), ("plain", unpacked, {})):
            folder = self.folder / name
            folder.mkdir(exist_ok=True)
            (folder / "config.json").write_text(json.dumps({**CONFIG, **more}))
            write_safetensors(folder / "model.safetensors", {**common, **tensors})
            folders.append(folder)
        return folders

    def logits(self, folder, *more):
        ids = self.write("ids.json", [1, 7, 30, 22, 5, 39, 11])
        out = self.folder / "logits.safetensors"
        self.run_cli("logits", "--model", folder, "--tokens-file", ids, "--out", out, *more)
        return read_safetensors(out)["logits"]

    def check(self, packer, quantization, default):
        packed, plain = self.models(packer, quantization)
        for weights in ("f32", "bf16", "q8", "q4"):
            self.assertEqual(self.logits(packed, "--weights", weights), self.logits(plain, "--weights", weights))
        ids = self.write("ids.json", [1, 7, 30])
        answer = self.run_json("generate", "--model", packed, "--tokens-file", ids, "--max-tokens", 3, "--json")
        self.assertEqual(answer["stats"]["weights"], default)
        report = self.run_json("inspect", packed, "--json")
        self.assertEqual(report["problems"], [])
        return packed

    def test_gptq(self):
        for bits, group, act_order, second in ((4, 16, False, False), (4, 32, True, False), (4, 8, True, True),
                                               (8, 16, False, False), (2, 16, False, True)):
            with self.subTest(bits=bits, group=group, act_order=act_order, second=second):
                config = {"quant_method": "gptq", "bits": bits, "group_size": group, "desc_act": act_order, "sym": False}
                if second:
                    config["checkpoint_format"] = "gptq_v2"
                self.check(lambda rng, n_out, n_in: pack_gptq(rng, n_out, n_in, bits, group, act_order, second), config,
                           "q8" if bits == 8 else "q4")

    def test_gptq_of_one_group_and_with_an_old_configuration(self):
        packed = self.check(lambda rng, n_out, n_in: pack_gptq(rng, n_out, n_in, 4, n_in, False, False),
                            {"quant_method": "gptq", "bits": 4, "group_size": -1}, "q4")
        expected = self.logits(packed)
        (packed / "config.json").write_text(json.dumps(CONFIG))
        (packed / "quantize_config.json").write_text(json.dumps({"bits": 4, "group_size": -1, "desc_act": False}))
        self.assertEqual(self.logits(packed), expected)

    def test_awq(self):
        for group in (16, 32):
            self.check(lambda rng, n_out, n_in: pack_awq(rng, n_out, n_in, group),
                       {"quant_method": "awq", "bits": 4, "group_size": group, "version": "gemm", "zero_point": True}, "q4")

    def test_fp8(self):
        for kind, config in (("tensor", {"quant_method": "fp8"}),
                             ("channel", {"quant_method": "compressed-tensors", "format": "float-quantized"}),
                             ("block", {"quant_method": "fp8", "weight_block_size": [24, 16]})):
            with self.subTest(kind=kind):
                self.check(lambda rng, n_out, n_in: pack_fp8(rng, n_out, n_in, kind), config, "q8")

    def test_other_packings_are_refused_by_name(self):
        packed, _ = self.models(lambda rng, n_out, n_in: pack_awq(rng, n_out, n_in, 16), {})
        for config, name in (({"quant_method": "bitsandbytes", "load_in_4bit": True}, "bitsandbytes"),
                             ({"quant_method": "gptq", "bits": 4, "checkpoint_format": "marlin"}, "marlin"),
                             ({"quant_method": "gptq", "bits": 4, "is_marlin_format": True}, "marlin"),
                             ({"quant_method": "gptq", "bits": 3}, "3 bits"),
                             ({"quant_method": "awq", "bits": 4, "version": "gemv"}, "gemv"),
                             ({"quant_method": "exl2"}, "exl2"), ({"quant_method": "gguf"}, "gguf"),
                             ({"quant_method": "mxfp4"}, "mxfp4"),
                             ({"quant_method": "compressed-tensors", "format": "pack-quantized"}, "pack-quantized")):
            with self.subTest(name=name):
                (packed / "config.json").write_text(json.dumps({**CONFIG, "quantization_config": config}))
                self.assertIn(name, self.fails(1, "perplexity", "--model", packed, "--tokens-file",
                                               self.write("ids.json", [1, 2, 3])))

    def test_tensors_that_do_not_fit_are_refused(self):
        config = {"quant_method": "gptq", "bits": 4, "group_size": 16}
        ids = self.write("ids.json", [1, 2, 3])
        name = "model.layers.1.mlp.down_proj."
        damages = {
            "qzeros": lambda parts: parts.pop("qzeros"),
            "group": lambda parts: parts.update(g_idx=("I32", (64,), [4] * 64)),
            "g_idx": lambda parts: parts.update(g_idx=("I32", (63,), [0] * 63)),
            "qweight": lambda parts: parts.update(qweight=("I32", (8, 31), [0] * 8 * 31)),
            "scales": lambda parts: parts.update(scales=("F16", (32,), [1] * 32)),
            "groups": lambda parts: parts.update(scales=("F16", (2, 32), [1] * 64), qzeros=("I32", (2, 4), [0] * 8)),
        }
        for word, damage in damages.items():
            def packer(rng, n_out, n_in):
                parts, rows = pack_gptq(rng, n_out, n_in, 4, 16, False, False)
                if (n_out, n_in) == (32, 64):
                    damage(parts)
                return parts, rows

            with self.subTest(word=word):
                packed, _ = self.models(packer, config)
                message = self.fails(1, "perplexity", "--model", packed, "--tokens-file", ids)
                self.assertIn(word, message)
                self.assertIn("mlp.down_proj", message)


if __name__ == "__main__":
    cli.main()
