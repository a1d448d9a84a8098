"""Models that embed and rank, with random weights: small enough to be made for each run."""

from pathlib import Path

import gguf
import numpy as np

WIDTH = 32
LAYERS = 2
WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    *["▁sea", "▁boat", "▁sails", "▁on", "▁the", "▁tax", "▁is", "▁due", "▁to", "▁you"],
]
"""The rest of the vocabulary are letters."""


def write_encoder(
    path: Path, pooling: gguf.PoolingType, *, seed: int = 1, template: str = ""
) -> Path:
    """A model of BERT's architecture; with pooling RANK, it is a reranker.

    `template` is how it wants question and passage side by side, if in a way of its own.
    """
    random = np.random.default_rng(seed)
    letters = [chr(number) for number in range(ord("a"), ord("z") + 1)]
    tokens = [*WORDS, *letters, *(f"▁{letter}" for letter in letters)]
    kinds = [gguf.TokenType.CONTROL] * 4 + [gguf.TokenType.NORMAL] * (len(tokens) - 4)
    model = gguf.GGUFWriter(path, "bert")
    model.add_name("Tiny encoder")
    model.add_block_count(LAYERS)
    model.add_context_length(256)
    model.add_embedding_length(WIDTH)
    model.add_feed_forward_length(2 * WIDTH)
    model.add_head_count(2)
    model.add_layer_norm_eps(1e-5)
    model.add_causal_attention(False)
    model.add_pooling_type(pooling)
    model.add_file_type(gguf.LlamaFileType.ALL_F32)
    model.add_tokenizer_model("bert")
    model.add_tokenizer_pre("default")
    model.add_token_list(tokens)
    model.add_token_types(kinds)
    model.add_token_type_count(2)
    model.add_pad_token_id(0)
    model.add_unk_token_id(1)
    model.add_bos_token_id(2)
    model.add_sep_token_id(3)
    model.add_eos_token_id(3)
    if template:
        model.add_chat_template([{"name": "rerank", "template": template}])

    def add(name: str, *size: int) -> None:
        weights = random.standard_normal(size).astype(np.float32)
        model.add_tensor(name, weights / np.float32(WIDTH**0.5) if len(size) > 1 else weights)

    def add_norm(name: str) -> None:
        model.add_tensor(f"{name}.weight", np.ones(WIDTH, np.float32))
        model.add_tensor(f"{name}.bias", np.zeros(WIDTH, np.float32))

    add("token_embd.weight", len(tokens), WIDTH)
    add("position_embd.weight", 256, WIDTH)
    add("token_types.weight", 2, WIDTH)
    add_norm("token_embd_norm")
    for layer in range(LAYERS):
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            add(f"blk.{layer}.{name}.weight", WIDTH, WIDTH)
            add(f"blk.{layer}.{name}.bias", WIDTH)
        add(f"blk.{layer}.ffn_up.weight", 2 * WIDTH, WIDTH)
        add(f"blk.{layer}.ffn_up.bias", 2 * WIDTH)
        add(f"blk.{layer}.ffn_down.weight", WIDTH, 2 * WIDTH)
        add(f"blk.{layer}.ffn_down.bias", WIDTH)
        add_norm(f"blk.{layer}.attn_output_norm")
        add_norm(f"blk.{layer}.layer_output_norm")
    if pooling == gguf.PoolingType.RANK:
        add("cls.weight", WIDTH, WIDTH)
        add("cls.bias", WIDTH)
        add("cls.output.weight", 1, WIDTH)
        add("cls.output.bias", 1)
    model.write_header_to_file()
    model.write_kv_data_to_file()
    model.write_tensors_to_file()
    model.close()
    return path
