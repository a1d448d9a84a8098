"""Makes a model for tests: tiny, random, but with the tokenizer and chat template of Llama 3.1.

Its vocabulary and template come out of the source distribution of llama-cpp-python that uv.lock
names; they are fetched once and kept in the user's cache folder.
"""

import hashlib
import math
import os
import shutil
import sys
import tarfile
import tomllib
import urllib.request
from pathlib import Path
from tempfile import TemporaryDirectory

import gguf
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
MODEL = ROOT / "build" / "test-models" / "tiny-llama31.gguf"

_VOCABULARY = "ggml-vocab-llama-bpe.gguf"
_TEMPLATE = "meta-llama-Llama-3.1-8B-Instruct.jinja"
_IN_SOURCE = {
    f"vendor/llama.cpp/models/{_VOCABULARY}": _VOCABULARY,
    f"vendor/llama.cpp/models/templates/{_TEMPLATE}": _TEMPLATE,
}

_WIDTH = 32
_HEADS = 2
_CONTEXT = 131_072

# The vocabulary is of Llama 3; Llama 3.1 gave some of its 256 control tokens other names.
_WORDS = 128_000
"""Tokens before those of control, the most usual first."""
_CONTROL_TOKENS = {
    0: "<|begin_of_text|>",
    1: "<|end_of_text|>",
    4: "<|finetune_right_pad_id|>",
    6: "<|start_header_id|>",
    7: "<|end_header_id|>",
    8: "<|eom_id|>",
    9: "<|eot_id|>",
    10: "<|python_tag|>",
}


def tiny_llama(head_size: int = 16, words: int = _WORDS) -> Path:
    """The model file, made now if it isn't there. The same bytes on every machine.

    llama.cpp keeps a KV cache in blocks of 32 numbers only if they fill the heads.
    """
    heads = "" if head_size == 16 else f"-heads-of-{head_size}"
    path = MODEL.with_stem(MODEL.stem + heads + ("" if words == _WORDS else f"-words-{words}"))
    if not path.exists():
        vocabulary, template = _ingredients()
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(f".{os.getpid()}")
        _write_model(
            unfinished,
            vocabulary,
            template.read_text(encoding="utf-8"),
            head_size=head_size,
            words=words,
        )
        unfinished.replace(path)
    return path


def small_llama() -> Path:
    """The same with few words, for whatever has nothing to do with them: it is loaded sooner."""
    return tiny_llama(words=2_000)


def _ingredients() -> tuple[Path, Path]:
    """The vocabulary and the template, from the cache or fetched."""
    url, sha256 = _source_distribution()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "sottovoce-dev" / sha256[:16]
    if not all((folder / name).exists() for name in _IN_SOURCE.values()):
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder) as unfinished:
            archive = _fetch(url, sha256, Path(unfinished))
            _unpack(archive, Path(unfinished), folder)
    return folder / _VOCABULARY, folder / _TEMPLATE


def _source_distribution() -> tuple[str, str]:
    """Address and SHA-256, as locked."""
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    sdist = next(p["sdist"] for p in lock["package"] if p["name"] == "llama-cpp-python")
    return sdist["url"], sdist["hash"].removeprefix("sha256:")


def _fetch(url: str, sha256: str, into: Path) -> Path:
    sys.stderr.write("Fetching the tokenizer of Llama 3.1 for the tests, once: 77 MB.\n")
    archive = into / "source.tar.gz"
    with urllib.request.urlopen(url, timeout=60) as answer, archive.open("wb") as file:
        shutil.copyfileobj(answer, file)
    with archive.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
            sys.exit(f"{url} is not what uv.lock says. Try again.")
    return archive


def _unpack(archive: Path, unfinished: Path, folder: Path) -> None:
    with tarfile.open(archive) as source:
        for member in source:
            name = _IN_SOURCE.get(member.name.partition("/")[2])
            if name and (content := source.extractfile(member)):
                (unfinished / name).write_bytes(content.read())
                (unfinished / name).replace(folder / name)


def _write_model(
    path: Path, vocabulary: Path, template: str, *, head_size: int, words: int
) -> None:
    source = gguf.GGUFReader(vocabulary)
    tokens, types, merges = (
        source.fields[f"tokenizer.ggml.{key}"].contents()
        for key in ("tokens", "token_type", "merges")
    )
    if words < _WORDS:
        del tokens[words:_WORDS], types[words:_WORDS]
        known = set(tokens)
        merges = [each for each in merges if each.replace(" ", "") in known]
    reserved = 0
    for number in range(256):
        name = _CONTROL_TOKENS.get(number)
        if name is None:
            name = f"<|reserved_special_token_{reserved}|>"
            reserved += 1
        tokens[words + number] = name
        types[words + number] = gguf.TokenType.CONTROL

    model = gguf.GGUFWriter(path, "llama")
    model.add_name("Tiny random Llama 3.1, for tests")
    model.add_block_count(1)
    model.add_context_length(_CONTEXT)
    model.add_embedding_length(_WIDTH)
    model.add_feed_forward_length(_WIDTH)
    model.add_head_count(_HEADS)
    model.add_head_count_kv(1)
    model.add_key_length(head_size)
    model.add_value_length(head_size)
    model.add_layer_norm_rms_eps(1e-5)
    model.add_rope_freq_base(500_000.0)
    model.add_rope_dimension_count(head_size)
    model.add_vocab_size(len(tokens))
    model.add_file_type(gguf.LlamaFileType.MOSTLY_Q4_0)
    model.add_tokenizer_model("gpt2")
    model.add_tokenizer_pre("llama-bpe")
    model.add_token_list(tokens)
    model.add_token_types(types)
    model.add_token_merges(merges)
    model.add_bos_token_id(words)
    model.add_eos_token_id(words + 9)
    model.add_pad_token_id(words + 4)
    model.add_add_bos_token(True)
    model.add_chat_template(template)
    _add_tensors(model, len(tokens), head_size)
    model.write_header_to_file()
    model.write_kv_data_to_file()
    model.write_tensors_to_file()
    model.close()


def _add_tensors(model: gguf.GGUFWriter, words: int, head_size: int) -> None:
    random = np.random.default_rng(seed=0)

    def add(name: str, rows: int, columns: int = _WIDTH) -> None:
        weights = random.standard_normal((rows, columns), dtype=np.float32) / math.sqrt(columns)
        kind = gguf.GGMLQuantizationType.Q4_0
        model.add_tensor(f"{name}.weight", gguf.quants.quantize(weights, kind), raw_dtype=kind)

    for norm in ("output_norm", "blk.0.attn_norm", "blk.0.ffn_norm"):
        model.add_tensor(f"{norm}.weight", np.ones(_WIDTH, np.float32))
    model.add_tensor("rope_freqs.weight", _rope_factors(head_size))
    add("token_embd", words)
    add("blk.0.attn_q", _HEADS * head_size)
    add("blk.0.attn_k", head_size)
    add("blk.0.attn_v", head_size)
    add("blk.0.attn_output", _WIDTH, _HEADS * head_size)
    for square in ("ffn_gate", "ffn_up", "ffn_down"):
        add(f"blk.0.{square}", _WIDTH)


def _rope_factors(head_size: int) -> "np.typing.NDArray[np.float32]":
    """How Llama 3.1 stretches long waves: factor 8, from 8,192 tokens; short waves stay."""
    waves = 2 * math.pi * 500_000.0 ** (np.arange(0, head_size, 2) / head_size)
    share = np.clip((8192 / waves - 1) / (4 - 1), 0, 1)
    return (1 / ((1 - share) / 8 + share)).astype(np.float32)


if __name__ == "__main__":
    try:
        tiny_llama()
    except OSError as error:
        sys.exit(f"The model for the tests could not be made: {error}")
