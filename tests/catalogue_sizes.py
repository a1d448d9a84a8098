"""What the models of the catalogue weigh, by llama.cpp's own rules of quantisation.

Run as a program, it writes them into the catalogue. llama.cpp is asked with empty files of the true
dimensions: it adds up, and reads nothing.
"""

import ctypes
import json
import os
import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from llama_cpp import llama_cpp

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = ROOT / "resources" / "catalogue.json"

_LINE = re.compile(
    r"\] (?P<name>\S+)\s+- \[(?P<shape>[\d, ]+)\], type = +(?P<type>\w+), size = +[\d.]+ MiB"
    r"(?: -> +[\d.]+ MiB \((?P<becomes>\w+)\))?"
)

_PRECISE = ("ffn_gate_inp", "position_embd", "token_types")
"""What converters leave in 32 bits."""

Tensors = dict[str, tuple[int, ...]]


def weigh(shape: Mapping[str, Any], quantisation: str) -> dict[str, Any]:
    """The bytes of the tensors of such a model: all, those at its ends, and by type."""
    kind = gguf.LlamaFileType[f"MOSTLY_{quantisation}"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.gguf"
        _write_empty(path, shape)
        log = _dry_run(path, kind)
    sizes: dict[str, int] = {}
    types: Counter[str] = Counter()
    for line in _LINE.finditer(log):
        type_ = gguf.GGMLQuantizationType[(line["becomes"] or line["type"]).upper()]
        count = int(np.prod([int(number) for number in line["shape"].split(",")]))
        block, size = gguf.GGML_QUANT_SIZES[type_]
        sizes[line["name"]] = count // block * size
        types[type_.name] += count // block * size
    assert sizes.keys() == _tensors(shape).keys(), "llama.cpp tells of every tensor, once."
    return {
        "weights": sum(sizes.values()),
        "input_weights": sizes["token_embd.weight"],
        "output_weights": sizes.get("output.weight", 0),
        "types": types.most_common(),
    }


def _dry_run(path: Path, kind: int) -> str:
    lines: list[str] = []

    def listen(_level: int, text: bytes, _data: object) -> None:
        lines.append(text.decode(errors="replace"))

    parameters = llama_cpp.llama_model_quantize_default_params()
    parameters.ftype = kind
    parameters.dry_run = True
    listener = llama_cpp.llama_log_callback(listen)
    llama_cpp.llama_log_set(listener, None)
    try:
        failed = llama_cpp.llama_model_quantize(
            os.fsencode(path), os.fsencode(path.with_suffix(".none")), ctypes.byref(parameters)
        )
    finally:
        llama_cpp.llama_log_set(llama_cpp.llama_log_callback(), None)
    assert not failed, "".join(lines)
    return "".join(lines)


def _write_empty(path: Path, shape: Mapping[str, Any]) -> None:
    """A model file with these dimensions, whose tensors take no room on the disk."""
    model = gguf.GGUFWriter(path, shape["architecture"])
    model.add_block_count(shape["layers"])
    model.add_context_length(shape["trained"])
    model.add_embedding_length(shape["embedding"])
    model.add_feed_forward_length(shape["feed_forward"])
    model.add_head_count(shape["heads"])
    model.add_head_count_kv(shape["kv_heads"])
    model.add_key_length(shape["key_length"])
    model.add_value_length(shape["value_length"])
    model.add_rope_dimension_count(shape["key_length"])
    model.add_vocab_size(shape["vocabulary"])
    model.add_layer_norm_rms_eps(1e-5)
    model.add_layer_norm_eps(1e-5)
    model.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    model.add_tokenizer_model("none")
    if shape.get("experts"):
        model.add_expert_count(shape["experts"])
        model.add_expert_used_count(shape["experts_used"])
        model.add_expert_feed_forward_length(shape["feed_forward"])
    end = 0
    for name, dimensions in _tensors(shape).items():
        is_precise = len(dimensions) == 1 or any(part in name for part in _PRECISE)
        type_ = np.dtype(np.float32 if is_precise else np.float16)
        size = int(np.prod(dimensions)) * type_.itemsize
        model.add_tensor_info(name, dimensions, type_, size)
        end += -(-size // 32) * 32
    model.write_header_to_file()
    model.write_kv_data_to_file()
    model.write_ti_data_to_file()
    model.close()
    os.truncate(path, -(-path.stat().st_size // 32) * 32 + end)


def _tensors(shape: Mapping[str, Any]) -> Tensors:
    width, heads = shape["embedding"], shape["heads"]
    tensors: Tensors = {"token_embd.weight": (shape["vocabulary"], width)}
    queries, keys = heads * shape["key_length"], shape["kv_heads"] * shape["key_length"]
    for layer in range(shape["layers"]):
        for name, dimensions in _LAYERS[shape["architecture"]](shape, width, queries, keys):
            tensors[f"blk.{layer}.{name}.weight"] = dimensions
    return tensors | dict(_ends(shape, width))


def _ends(shape: Mapping[str, Any], width: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    if shape["architecture"] == "bert":
        yield "position_embd.weight", (shape["trained"], width)
        yield "token_types.weight", (1, width)
        yield "token_embd_norm.weight", (width,)
        return
    yield "output_norm.weight", (width,)
    if not shape["shares_embedding"]:
        yield "output.weight", (shape["vocabulary"], width)


def _llama(
    shape: Mapping[str, Any], width: int, queries: int, keys: int
) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield from _attention(width, queries, keys)
    for name in ("ffn_gate", "ffn_up"):
        yield name, (shape["feed_forward"], width)
    yield "ffn_down", (width, shape["feed_forward"])


def _qwen3(
    shape: Mapping[str, Any], width: int, queries: int, keys: int
) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield from _llama(shape, width, queries, keys)
    yield "attn_q_norm", (shape["key_length"],)
    yield "attn_k_norm", (shape["key_length"],)


def _qwen3moe(
    shape: Mapping[str, Any], width: int, queries: int, keys: int
) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield from _attention(width, queries, keys)
    yield "attn_q_norm", (shape["key_length"],)
    yield "attn_k_norm", (shape["key_length"],)
    yield "ffn_gate_inp", (shape["experts"], width)
    for name in ("ffn_gate_exps", "ffn_up_exps"):
        yield name, (shape["experts"], shape["feed_forward"], width)
    yield "ffn_down_exps", (shape["experts"], width, shape["feed_forward"])


def _phi3(
    shape: Mapping[str, Any], width: int, queries: int, keys: int
) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield "attn_norm", (width,)
    yield "ffn_norm", (width,)
    yield "attn_qkv", (queries + 2 * keys, width)
    yield "attn_output", (width, queries)
    yield "ffn_up", (2 * shape["feed_forward"], width)
    yield "ffn_down", (width, shape["feed_forward"])


def _bert(
    shape: Mapping[str, Any], width: int, queries: int, keys: int
) -> Iterator[tuple[str, tuple[int, ...]]]:
    for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
        yield name, (width, width)
    for name in ("attn_output_norm", "layer_output_norm"):
        yield name, (width,)
    yield "ffn_up", (shape["feed_forward"], width)
    yield "ffn_down", (width, shape["feed_forward"])


def _attention(width: int, queries: int, keys: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield "attn_norm", (width,)
    yield "ffn_norm", (width,)
    yield "attn_q", (queries, width)
    yield "attn_k", (keys, width)
    yield "attn_v", (keys, width)
    yield "attn_output", (width, queries)


_LAYERS = {
    "llama": _llama,
    "qwen3": _qwen3,
    "qwen3moe": _qwen3moe,
    "phi3": _phi3,
    "bert": _bert,
}


def main() -> None:
    """Write what the models of the catalogue weigh into it."""
    kept = json.loads(CATALOGUE.read_text("utf-8"))
    headers: dict[int, int] = {}
    for entry in kept["entries"]:
        for variant in entry["variants"]:
            files = variant.get("files", [])
            variant["size"] = sum(file["size"] for file in files) or variant.get("size", 0)
            if "shape" in entry:
                shape = entry["shape"] | variant.get("shape", {})
                variant |= weigh(shape, variant["quantisation"])
                if files:
                    header = max(0, variant["size"] - variant["weights"])
                    headers.setdefault(shape["vocabulary"], header)
    for entry in kept["entries"]:
        for variant in entry["variants"]:
            if "shape" in entry and "files" not in variant:
                # Beside its tensors, a file holds little more than the vocabulary.
                variant["size"] = variant["weights"] + headers[entry["shape"]["vocabulary"]]
    CATALOGUE.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
