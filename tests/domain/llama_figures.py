"""What llama.cpp itself says that Llama 3.1 takes: with `--keep`, write llama_figures.json anew.

The models are files with the true dimensions and no bytes in them: sparse, so they take no room on
the disk. llama.cpp tells the sizes of their quantisations in a dry run of quantising, and those of
KV cache and compute buffers when it makes a context and is told to allocate nothing.
"""

import ctypes
import json
import math
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias

import gguf
import llama_cpp as package
import numpy as np
from llama_cpp import llama_cpp as c

KEPT = Path(__file__).with_suffix(".json")

MIB = 1 << 20
TYPES = {"f16": 1, "q8_0": 8, "q4_0": 2}
QUANTISATIONS = {
    "IQ2_XXS": 19, "IQ2_M": 29, "Q2_K": 10, "IQ3_XXS": 23, "IQ3_M": 27, "Q3_K_M": 12, "IQ4_XS": 30,
    "Q4_0": 2, "Q4_K_M": 15, "Q5_K_M": 17, "Q6_K": 18, "Q8_0": 7, "F16": 1,
}  # fmt: skip
"""By their numbers in llama.h."""
WINDOWS = (256, 4096, 32_768, 131_072)
WAYS = (("f16", 128, False), ("f16", 512, True), ("q8_0", 512, True), ("q4_0", 128, True))
"""KV type, batch, and whether with flash attention."""

Json: TypeAlias = dict[str, object]


@dataclass(frozen=True)
class Dimensions:
    """Of a model, as its makers published them."""

    layers: int
    embedding: int
    heads: int
    feed_forward: int
    kv_heads: int = 8
    head_size: int = 128
    vocabulary: int = 128_256
    trained: int = 131_072


LLAMA_31 = {
    "8B": Dimensions(layers=32, embedding=4096, heads=32, feed_forward=14_336),
    "70B": Dimensions(layers=80, embedding=8192, heads=64, feed_forward=28_672),
    "405B": Dimensions(layers=126, embedding=16_384, heads=128, feed_forward=53_248),
}


def figures() -> Json:
    """All of them."""
    found: Json = {}
    said = listen()
    with TemporaryDirectory() as hollow:
        for name, dimensions in LLAMA_31.items():
            path = Path(hollow) / f"{name}.gguf"
            write_hollow(path, dimensions)
            found[name] = {
                "dimensions": asdict(dimensions),
                "quantisations": {
                    label: _quantised(path, number, said) for label, number in QUANTISATIONS.items()
                },
                "windows": windows(path, WINDOWS, said),
            }
    return found


def listen() -> list[str]:
    """What llama.cpp says from now on."""
    said: list[str] = []
    callback = c.llama_log_callback(lambda _, text, __: said.append(text.decode()))
    c.llama_log_set(callback, None)
    _kept.append(callback)
    for folder in Path(package.__file__).parent.parent.glob("bin"):
        c._lib.ggml_backend_load_all_from_path(ctypes.c_char_p(bytes(folder)))
    c.llama_backend_init()
    return said


_kept: list[object] = []
"""What llama.cpp holds pointers to."""


def write_hollow(path: Path, its: Dimensions) -> None:
    """A model in half precision whose weights are a hole in the file."""
    model = gguf.GGUFWriter(path, "llama")
    model.add_block_count(its.layers)
    model.add_context_length(its.trained)
    model.add_embedding_length(its.embedding)
    model.add_feed_forward_length(its.feed_forward)
    model.add_head_count(its.heads)
    model.add_head_count_kv(its.kv_heads)
    model.add_layer_norm_rms_eps(1e-5)
    model.add_rope_dimension_count(its.head_size)
    model.add_vocab_size(its.vocabulary)
    model.add_tokenizer_model("none")
    model.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    size = 0

    def add(name: str, *shape: int) -> None:
        nonlocal size
        kind = np.dtype(np.float16 if len(shape) == 2 else np.float32)
        length = math.prod(shape) * kind.itemsize
        model.add_tensor_info(f"{name}.weight", shape, kind, length)
        size += -(-length // 32) * 32

    width, keys = its.heads * its.head_size, its.kv_heads * its.head_size
    add("token_embd", its.vocabulary, its.embedding)
    add("output_norm", its.embedding)
    add("output", its.vocabulary, its.embedding)
    add("rope_freqs", its.head_size // 2)
    for layer in range(its.layers):
        add(f"blk.{layer}.attn_norm", its.embedding)
        add(f"blk.{layer}.attn_q", width, its.embedding)
        add(f"blk.{layer}.attn_k", keys, its.embedding)
        add(f"blk.{layer}.attn_v", keys, its.embedding)
        add(f"blk.{layer}.attn_output", its.embedding, width)
        add(f"blk.{layer}.ffn_norm", its.embedding)
        add(f"blk.{layer}.ffn_gate", its.feed_forward, its.embedding)
        add(f"blk.{layer}.ffn_up", its.feed_forward, its.embedding)
        add(f"blk.{layer}.ffn_down", its.embedding, its.feed_forward)
    model.write_header_to_file()
    model.write_kv_data_to_file()
    model.write_ti_data_to_file()
    model.close()
    os.truncate(path, -(-path.stat().st_size // 32) * 32 + size)


def _quantised(path: Path, number: int, said: list[str]) -> Json:
    """Bytes of the whole, of what goes in and out, of each layer, and of each type."""
    said.clear()
    parameters = c.llama_model_quantize_default_params()
    parameters.ftype, parameters.dry_run = number, True
    target = path.with_suffix(".never")
    assert c.llama_model_quantize(bytes(path), bytes(target), ctypes.byref(parameters)) == 0
    layers: dict[int, int] = {}
    types: dict[str, int] = {}
    ends = {"token_embd": 0, "output": 0}
    for name, shape, kept, changed in re.findall(
        r"\] +(\S+)\.weight +- \[([^]]+)\], type = +(\w+), size = [^\n(]*(?:\((\w+)\))?",
        "".join(said),
    ):
        kind = (changed or kept).upper()
        block, length = gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType[kind]]
        size = math.prod(map(int, shape.split(","))) // block * length
        types[kind] = types.get(kind, 0) + size
        if name in ends:
            ends[name] = size
        elif match := re.match(r"blk\.(\d+)", name):
            layer = int(match[1])
            layers[layer] = layers.get(layer, 0) + size
    return {
        "weights": sum(types.values()),
        "input": ends["token_embd"],
        "output": ends["output"],
        "layers": [layers[layer] for layer in sorted(layers)],
        "types": dict(sorted(types.items(), key=lambda pair: -pair[1])),
    }


def windows(path: Path, contexts: Sequence[int], said: list[str]) -> list[Json]:
    """MiB of KV cache, compute buffer and scores, for each window and each way that is possible."""
    parameters = c.llama_model_default_params()
    parameters.no_alloc, parameters.load_mode, parameters.n_gpu_layers = True, 0, 0
    model = c.llama_model_load_from_file(bytes(path), parameters)
    found: list[Json] = []
    for kv_type, batch, flash_attention in WAYS:
        for context in contexts:
            said.clear()
            options = c.llama_context_default_params()
            options.n_ctx, options.n_outputs_max = context, 1
            options.n_batch = options.n_ubatch = batch
            options.type_k = options.type_v = TYPES[kv_type]
            options.flash_attn_type = int(flash_attention)
            handle = c.llama_init_from_model(model, options)
            if not handle:
                continue
            c.llama_free(handle)
            text = "".join(said)
            found.append(
                {
                    "context": context,
                    "kv_type": kv_type,
                    "batch": batch,
                    "flash_attention": flash_attention,
                    "kv": _mib(text, r"llama_kv_cache: size ="),
                    "compute": _mib(text, r"compute buffer size ="),
                    "output": _mib(text, r"output buffer size ="),
                }
            )
    c.llama_model_free(model)
    return found


def _mib(text: str, before: str) -> float:
    match = re.search(before + r" +([\d.]+) MiB", text)
    assert match is not None, before
    return float(match[1])


if __name__ == "__main__":
    match sys.argv[1:]:
        case []:
            json.dump(figures(), sys.stdout)
        case ["--keep"]:
            KEPT.write_text(json.dumps(figures()).replace("{", "\n{") + "\n", encoding="utf-8")
        case [path, *contexts]:
            json.dump(windows(Path(path), [*map(int, contexts)], listen()), sys.stdout)
