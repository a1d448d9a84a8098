"""llama.cpp, as far as the engine needs it: the one door to its C interface.

The low-level interface on purpose: the high-level one cannot stop while it reads a prompt, parses
control tokens in the user's words, and decodes the whole reply anew with every token.
"""

import ctypes
import mmap
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from threading import Lock

from sottovoce.domain.footprint import KvType, Layout
from sottovoce.domain.model import Sampling
from sottovoce.engine.prompt import Vocabulary

# The package as it is found, but not run: that would load numpy, a template engine and a database
# for ways to chat that are not ours. What is wanted of it declares the C interface.
_found = find_spec("llama_cpp")
assert _found is not None, "it is one of our dependencies"
assert _found.origin is not None, "it lies in a file"
sys.modules[_found.name] = module_from_spec(_found)

from llama_cpp import llama_cpp as c  # noqa: E402  Only now.

FOLDER = Path(_found.origin).parent
"""Where the package lies, with its libraries."""
PENALISED = 64
"""How many of the last tokens a repeat penalty looks at."""
KV_TYPES = {KvType.F16: 1, KvType.Q8_0: 8, KvType.Q4_0: 2}
"""The numbers of these types in ggml.h."""
ABORTED, NO_MEMORY = 2, -2
"""What decoding returns when it was stopped, and when it found no memory to compute in."""
GPU_FIRST, GPU_LEAST, GPU_MOST = 64, 32, 2048
"""Tokens that a GPU is given to read at once: at first, and between which it then takes as many as
it reads in a moment. Nothing can stop it in between."""
MOMENT = 0.5
"""Seconds."""


TEXTS = 32
"""That an encoder reads at once, at most."""


class LoadFailed(Exception):
    """llama.cpp gave no model; its Log knows why."""


class DecodeFailed(Exception):
    """llama.cpp could not compute."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.is_want_of_memory = code == NO_MEMORY


class Log:
    """What llama.cpp says: the last lines that tell of trouble."""

    def __init__(self) -> None:
        self.troubles: list[str] = []
        self._callback = c.llama_log_callback(self._hear)
        c.llama_log_set(self._callback, None)

    def close(self) -> None:
        """Hear no more: llama.cpp must not call what is gone."""
        c.llama_log_set(c.llama_log_callback(), None)

    def _hear(self, level: int, text: bytes, _: object) -> None:
        if level in {3, 4}:  # Warnings and errors in ggml.h.
            self.troubles = [*self.troubles[-19:], text.decode("utf-8", "replace").strip()]


class Flag:
    """A wish to stop that llama.cpp sees in the middle of a computation, without Python's help."""

    def __init__(self) -> None:
        self._bytes = (ctypes.c_char * 2)()
        self.address = ctypes.addressof(self._bytes)
        libc = ctypes.cdll.msvcrt if sys.platform == "win32" else ctypes.CDLL(None)
        self.reader = ctypes.cast(libc.strlen, ctypes.c_void_p)
        """A C function that returns nonzero once the byte it is pointed at is set: strlen does."""

    @property
    def is_set(self) -> bool:
        return bool(self._bytes.raw[0])

    def set(self) -> None:
        self._bytes[0] = b"\1"

    def clear(self) -> None:
        self._bytes[0] = b"\0"


def libraries() -> list[ctypes.CDLL]:
    """llama.cpp and what lies beneath it, for functions that the package does not declare."""
    # On Windows a library shows only its own functions; elsewhere those beneath it, too.
    beneath = ("ggml.dll", "ggml-base.dll") if sys.platform == "win32" else ()
    return [c._lib, *(ctypes.CDLL(str(FOLDER / "lib" / name)) for name in beneath)]


def begin() -> None:
    """Make llama.cpp ready. The back ends are there before."""
    c.llama_backend_init()


def version() -> str:
    """Of llama.cpp."""
    function = c._lib.llama_version
    function.restype = ctypes.c_char_p
    return _text(function())


def system_info() -> str:
    """What the back ends say of their build and of the processor, such as "AVX2 = 1"."""
    return _text(c.llama_print_system_info())


def read_model(
    path: bytes,
    *,
    repack: bool,
    gpus: Sequence[int],
    split: Sequence[int],
    progress: Callable[[float], bool],
) -> "Model":
    """Put a file in memory, with so many layers on each of the GPUs. Raises LoadFailed.

    `progress` is told fractions and returns whether to go on.
    """
    parameters = c.llama_model_default_params()
    parameters.use_extra_bufts = repack
    devices = (ctypes.c_void_p * (len(gpus) + 1))(*gpus)  # The list ends with a null.
    parameters.devices = ctypes.cast(devices, ctypes.c_void_p)
    parameters.n_gpu_layers = sum(split)
    shares = (ctypes.c_float * c.LLAMA_MAX_DEVICES)(*split)
    if split:
        parameters.tensor_split = shares
    callback = c.llama_progress_callback(lambda fraction, _: progress(fraction))
    parameters.progress_callback = callback
    handle = c.llama_model_load_from_file(path, parameters)
    if not handle:
        raise LoadFailed
    return Model(handle)


def make_model(header: int, fill: Callable[[int, object], None], gpus: Sequence[int]) -> "Model":
    """A model without a file, all on the GPUs, or on the processor if none. Raises LoadFailed.

    `header` is a gguf_context that describes it, and `fill` is given each tensor to fill.
    """
    parameters = c.llama_model_default_params()
    devices = (ctypes.c_void_p * (len(gpus) + 1))(*gpus)
    parameters.devices = ctypes.cast(devices, ctypes.c_void_p)
    parameters.n_gpu_layers = -1 if gpus else 0
    filler = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)
    make = c._lib.llama_model_init_from_user
    make.restype = ctypes.c_void_p
    make.argtypes = [ctypes.c_void_p, filler, ctypes.c_void_p, c.llama_model_params]
    handle = make(header, filler(fill), None, parameters)
    if not handle:
        raise LoadFailed
    return Model(handle)


class Model:
    """A model's weights and vocabulary in memory."""

    def __init__(self, handle: int) -> None:
        """`handle` is llama.cpp's; it is the model's from now on."""
        self.handle = handle
        self.vocabulary_handle = c.llama_model_get_vocab(self.handle)
        self.writes = bool(
            c.llama_vocab_n_tokens(self.vocabulary_handle)
            and c.llama_model_has_decoder(self.handle)
            and not c.llama_model_has_encoder(self.handle)
            and not c.llama_model_is_diffusion(self.handle)
            and self._metadata("general.architecture") not in EMBEDDERS
        )
        """Whether it can continue a text, unlike models that only embed or translate."""
        self._piece = ctypes.create_string_buffer(512)

    def close(self) -> None:
        """Give its memory back. Its windows are closed before."""
        c.llama_model_free(self.handle)

    def vocabulary(self) -> Vocabulary:
        """Its template, and which texts are tokens that steer it."""
        vocab = self.vocabulary_handle
        special = c.LLAMA_TOKEN_ATTR_CONTROL | c.LLAMA_TOKEN_ATTR_UNKNOWN
        control = (
            token
            for token in range(c.llama_vocab_n_tokens(vocab))
            if c.llama_vocab_get_attr(vocab, token) & special
        )
        return Vocabulary(
            template=_text(c.llama_model_chat_template(self.handle, None)),
            bos=self._token_text(c.llama_vocab_bos(vocab)),
            eos=self._token_text(c.llama_vocab_eos(vocab)),
            control=tuple(self._token_text(token) for token in control),
        )

    def tokens(self, parts: Sequence[str]) -> list[int]:
        """The tokens of a prompt with control tokens parsed, beginning as the model expects."""
        found = [token for part in parts for token in self._tokenised(part, special=True)]
        bos = c.llama_vocab_bos(self.vocabulary_handle)
        if c.llama_vocab_get_add_bos(self.vocabulary_handle) and found[:1] != [bos]:
            return [bos, *found]
        return found

    def count(self, text: str) -> int:
        """How many tokens `text` has when nothing in it steers the model."""
        return len(self.content(text))

    def ends(self, token: int) -> bool:
        """Whether the model says with this token that it is done."""
        return bool(c.llama_vocab_is_eog(self.vocabulary_handle, token))

    def piece(self, token: int) -> bytes:
        """The bytes of a token, maybe a part of a character; nothing for control tokens."""
        vocab, buffer = self.vocabulary_handle, self._piece
        length = c.llama_token_to_piece(vocab, token, buffer, len(buffer), 0, False)
        if length < 0:
            self._piece = ctypes.create_string_buffer(-length)
            return self.piece(token)
        return ctypes.string_at(buffer, length)

    def content(self, text: str) -> list[int]:
        """The tokens of `text` when nothing in it steers the model."""
        return self._tokenised(text, special=False)

    def framed(self, text: str, most: int) -> list[int]:
        """The tokens of `text` as the model wants a text to begin and end, but at most so many."""
        tokens = self._tokenised(text, special=False, framed=True)
        if len(tokens) <= most:
            return tokens
        ends = c.llama_vocab_get_add_eos(self.vocabulary_handle)
        return [*tokens[: most - 1], tokens[-1]] if ends else tokens[:most]

    def rank_frame(self) -> tuple[list[int], list[int], list[int]]:
        """The tokens before a question, between it and a passage, and after that."""
        vocab = self.vocabulary_handle
        template = _text(c.llama_model_chat_template(self.handle, b"rerank"))
        before, found, rest = template.partition("{query}")
        between, found_too, after = rest.partition("{document}")
        if found and found_too:
            parts = (self._tokenised(part, special=True) for part in (before, between, after))
            return next(parts), next(parts), next(parts)
        eos, sep = c.llama_vocab_eos(vocab), c.llama_vocab_sep(vocab)
        begin = [c.llama_vocab_bos(vocab)] if c.llama_vocab_get_add_bos(vocab) else []
        end = (
            [sep if eos == c.LLAMA_TOKEN_NULL else eos] if c.llama_vocab_get_add_eos(vocab) else []
        )
        return begin, [*end, *([sep] if c.llama_vocab_get_add_sep(vocab) else [])], end

    def _tokenised(self, text: str, *, special: bool, framed: bool = False) -> list[int]:
        encoded = text.encode()
        room = len(encoded) + 8
        while True:
            found = (c.llama_token * room)()
            count = c.llama_tokenize(
                self.vocabulary_handle, encoded, len(encoded), found, room, framed, special
            )
            if count >= 0:
                return list(found[:count])
            # Some tokenizers write single characters out as many: then it says how many.
            room = -count

    def _token_text(self, token: int) -> str:
        if token == c.LLAMA_TOKEN_NULL:
            return ""
        return _text(c.llama_vocab_get_text(self.vocabulary_handle, token))

    def _metadata(self, key: str) -> str:
        buffer = ctypes.create_string_buffer(128)
        length = c.llama_model_meta_val_str(self.handle, key.encode(), buffer, len(buffer))
        return _text(buffer.value) if length >= 0 else ""


EMBEDDERS = {
    "bert", "modern-bert", "nomic-bert", "nomic-bert-moe", "neo-bert", "jina-bert-v2",
    "jina-bert-v3", "eurobert", "gemma-embedding", "clip", "wavtokenizer-dec",
}  # fmt: skip
"""Architectures in llama.cpp that turn text into vectors, or are only a part of a model."""


class Adapter:
    """A LoRA adapter in memory. It is freed with its model."""

    def __init__(self, model: Model, path: bytes) -> None:
        """Raises LoadFailed. The file was checked before."""
        self.handle = c.llama_adapter_lora_init(model.handle, path)
        if not self.handle:
            raise LoadFailed


class Window:
    """A context window: the KV cache of one text, and what computes with it."""

    def __init__(self, model: Model, layout: Layout, *, threads: int, flag: Flag) -> None:
        """Raises MemoryError if there is no room for it."""
        parameters = c.llama_context_default_params()
        parameters.n_ctx = layout.context
        on_gpu = layout.gpu_layers > 0
        self._least = min(GPU_LEAST, layout.batch) if on_gpu else layout.batch
        self._most = max(GPU_MOST, layout.batch) if on_gpu else layout.batch
        self._piece = min(GPU_FIRST, layout.batch) if on_gpu else layout.batch
        parameters.n_batch, parameters.n_ubatch = self._most, layout.batch
        parameters.n_outputs_max = 1  # Saves 250 MB with a vocabulary of 128,000 tokens.
        parameters.n_threads = parameters.n_threads_batch = threads
        parameters.type_k = parameters.type_v = KV_TYPES[layout.kv_type]
        parameters.flash_attn_type = _flash_attention(layout)
        parameters.no_perf = True
        self._handle = c.llama_init_from_model(model.handle, parameters)
        if not self._handle:
            raise MemoryError
        self._memory = c.llama_get_memory(self._handle)
        reader = ctypes.cast(flag.reader, c.ggml_abort_callback)
        c.llama_set_abort_callback(self._handle, reader, ctypes.c_void_p(flag.address))
        self._one = (c.llama_token * 1)()
        self._batch_of_one = c.llama_batch_get_one(self._one, 1)
        self.size = int(c.llama_n_ctx(self._handle))
        self.tokens: list[int] = []
        """What the KV cache holds."""

    def adapt(self, adapters: Sequence[tuple[Adapter, float]]) -> None:
        """Compute with these adapters and scales from now on. What the cache holds stays."""
        handles = (c.llama_adapter_lora_p_ctypes * len(adapters))(*(a.handle for a, _ in adapters))
        scales = (ctypes.c_float * len(adapters))(*(scale for _, scale in adapters))
        c.llama_set_adapters_lora(self._handle, handles, len(adapters), scales)

    def forget(self) -> None:
        """Empty the cache."""
        c.llama_memory_clear(self._memory, True)
        self.tokens.clear()

    def keep(self, tokens: Sequence[int]) -> int:
        """Forget all but the beginning that the cache shares with `tokens`; say how much that is.

        The last of `tokens` is never kept, because what follows it must be computed.
        """
        common = 0
        for held, wanted in zip(self.tokens, tokens[:-1], strict=False):
            if held != wanted:
                break
            common += 1
        if common < len(self.tokens):
            if not c.llama_memory_seq_rm(self._memory, 0, common, -1):
                # Recurrent models cannot forget the end alone.
                c.llama_memory_clear(self._memory, True)
                common = 0
            del self.tokens[common:]
        return common

    def read(self, tokens: Sequence[int]) -> bool:
        """Put the first of `tokens` in the cache; False if stopped. Raises DecodeFailed.

        That is a batch, or as many as a GPU reads in a moment.
        """
        piece = tokens[: self._piece]
        array = (c.llama_token * len(piece))(*piece)
        begun = time.perf_counter()
        done = self._decode(c.llama_batch_get_one(array, len(piece)), piece)
        self.wait()
        self._suit(len(piece), time.perf_counter() - begun)
        return done

    def add(self, token: int) -> bool:
        """Put one token in the cache; False if stopped. Raises DecodeFailed."""
        self._one[0] = token
        return self._decode(self._batch_of_one, (token,))

    def _suit(self, count: int, seconds: float) -> None:
        """Give a GPU more or less to read at once, after it took so long for so many tokens."""
        if seconds > MOMENT:
            self._piece = max(min(self._piece, count) // 2, self._least)
        elif count == self._piece and seconds < MOMENT / 2:
            self._piece = min(self._piece * 2, self._most)

    def wait(self) -> None:
        """Return once all is computed: a GPU goes on computing what decoding has handed to it."""
        c.llama_synchronize(self._handle)

    def _decode(self, batch: object, tokens: Sequence[int]) -> bool:
        result = c.llama_decode(self._handle, batch)
        if result == 0:
            self.tokens += tokens
            return True
        # What llama.cpp says it holds is the truth after an end in the middle.
        held = c.llama_memory_seq_pos_max(self._memory, 0) + 1
        self.tokens = [*self.tokens, *tokens][:held]
        if result == ABORTED:
            return False
        raise DecodeFailed(result)

    def state_size(self) -> int:
        """Bytes that the cache's content takes outside of it."""
        return int(c.llama_state_seq_get_size(self._handle, 0))

    def take_over(self, other: "Window") -> bool:
        """Fill the cache with what `other` holds; False if it had to stay empty."""
        self._piece = other._piece
        size = other.state_size()
        try:
            state = (ctypes.c_uint8 * size)()
        except MemoryError:
            return False
        copied = c.llama_state_seq_get_data(other._handle, state, size, 0)
        if copied and c.llama_state_seq_set_data(self._handle, state, copied, 0):
            self.tokens = other.tokens.copy()
            return True
        c.llama_memory_clear(self._memory, True)
        return False

    def close(self) -> None:
        """Give its memory back."""
        c.llama_free(self._handle)

    def draw(self, sampler: "Sampler") -> int:
        """The token that follows."""
        return int(c.llama_sampler_sample(sampler.handle, self._handle, -1))


class Encoder:
    """What turns texts into vectors, or into scores: nothing of a text stays in it."""

    def __init__(self, model: Model, *, size: int, flag: Flag, on_gpu: bool, growing: Lock) -> None:
        """`size` is how many tokens fit in at once. Raises MemoryError if there is no room.

        `growing` is shared by encoders that work at once: only one of them takes much memory.
        """
        parameters = c.llama_context_default_params()
        parameters.n_ctx = parameters.n_batch = parameters.n_ubatch = size
        parameters.n_seq_max = TEXTS
        parameters.embeddings = True
        parameters.kv_unified = True
        parameters.no_perf = True
        parameters.flash_attn_type = c.LLAMA_FLASH_ATTN_TYPE_AUTO  # Without it: half the speed.
        self._handle = c.llama_init_from_model(model.handle, parameters)
        if not self._handle:
            raise MemoryError
        reader = ctypes.cast(flag.reader, c.ggml_abort_callback)
        c.llama_set_abort_callback(self._handle, reader, ctypes.c_void_p(flag.address))
        self._memory = c.llama_get_memory(self._handle)  # None if a model reads all at once.
        self._batch = c.llama_batch_init(size, 0, 1)
        self._on_gpu = on_gpu
        self._growing = growing
        self._most = 0
        """Tokens that were computed at once so far."""
        self._words = c.llama_vocab_n_tokens(model.vocabulary_handle)
        pooling = c.llama_pooling_type(self._handle)
        self.ranks = pooling == c.LLAMA_POOLING_TYPE_RANK
        self.embeds = pooling in {
            c.LLAMA_POOLING_TYPE_MEAN,
            c.LLAMA_POOLING_TYPE_CLS,
            c.LLAMA_POOLING_TYPE_LAST,
        }
        ranks = c.llama_model_n_cls_out(model.handle)
        self.dimensions = int(ranks if self.ranks else c.llama_model_n_embd_out(model.handle))

    def encode(self, texts: Sequence[Sequence[int]], threads: int) -> list[list[float]]:
        """The numbers for each text; none at all if stopped. Raises DecodeFailed.

        All together they have no more tokens than fit in, and there are no more than TEXTS.
        """
        batch, place = self._batch, 0
        for number, tokens in enumerate(texts):
            for position, token in enumerate(tokens):
                batch.token[place], batch.pos[place] = token, position
                batch.n_seq_id[place], batch.seq_id[place][0] = 1, number
                batch.logits[place] = True
                place += 1
        batch.n_tokens = place
        if self._memory:
            c.llama_memory_clear(self._memory, False)
        c.llama_set_n_threads(self._handle, threads, threads)
        with self._growing if place > self._most else nullcontext():
            result = c.llama_decode(self._handle, batch)
            if result == ABORTED:
                return []
            if result:
                raise DecodeFailed(result)
            c.llama_synchronize(self._handle)
            if place > self._most:
                self._most = place
                self._forget_scores()
        return [
            c.llama_get_embeddings_seq(self._handle, number)[: self.dimensions]
            for number in range(len(texts))
        ]

    def _forget_scores(self) -> None:
        """Give back the room for scoring the vocabulary, where nothing is ever written.

        WORKAROUND: https://github.com/ggml-org/llama.cpp/issues/24713. llama.cpp fills it with
        zeros, for a model that scores nothing, too: with 250,000 words that is half a gigabyte.
        """
        if sys.platform != "linux" or self._memory or self._on_gpu:
            return  # A GPU's driver holds the room it shares with the machine.
        start = ctypes.cast(c.llama_get_logits(self._handle), ctypes.c_void_p).value or 0
        end = start + 4 * self._words * self._most
        first = -(-start // mmap.PAGESIZE) * mmap.PAGESIZE
        length = end // mmap.PAGESIZE * mmap.PAGESIZE - first
        if start and length > 0:
            advise = ctypes.CDLL(None).madvise
            advise(ctypes.c_void_p(first), ctypes.c_size_t(length), mmap.MADV_DONTNEED)

    def close(self) -> None:
        """Give its memory back."""
        c.llama_batch_free(self._batch)
        c.llama_free(self._handle)


def _flash_attention(layout: Layout) -> int:
    if not layout.flash_attention:
        return int(c.LLAMA_FLASH_ATTN_TYPE_DISABLED)
    if layout.kv_type is KvType.F16:
        return int(c.LLAMA_FLASH_ATTN_TYPE_AUTO)  # Off where a GPU cannot do it.
    return int(c.LLAMA_FLASH_ATTN_TYPE_ENABLED)


class Sampler:
    """How tokens are drawn for one reply."""

    def __init__(self, model: Model, sampling: Sampling, before: Sequence[int]) -> None:
        """`before` are the tokens that went before the reply."""
        self.handle = c.llama_sampler_chain_init(c.llama_sampler_chain_default_params())
        for link in _links(model, sampling):
            c.llama_sampler_chain_add(self.handle, link)
        if sampling.repeat_penalty != 1:
            for token in before[-PENALISED:]:
                c.llama_sampler_accept(self.handle, token)

    def close(self) -> None:
        """Give its memory back."""
        c.llama_sampler_free(self.handle)


def _links(model: Model, sampling: Sampling) -> Iterator[object]:
    """The steps of drawing, in llama.cpp's own order."""
    if sampling.repeat_penalty != 1:
        vocabulary = c.llama_vocab_n_tokens(model.vocabulary_handle)
        penalty = sampling.repeat_penalty
        yield c.llama_sampler_init_penalties(vocabulary, PENALISED, penalty, 0.0, 0.0)
    if sampling.temperature <= 0:
        yield c.llama_sampler_init_greedy()
        return
    if sampling.top_k > 0:
        yield c.llama_sampler_init_top_k(sampling.top_k)
    if sampling.top_p < 1:
        yield c.llama_sampler_init_top_p(sampling.top_p, 1)
    if sampling.min_p > 0:
        yield c.llama_sampler_init_min_p(sampling.min_p, 1)
    yield c.llama_sampler_init_temp(sampling.temperature)
    # llama.cpp takes its highest seed as a wish for a random one.
    at_random = c.LLAMA_DEFAULT_SEED
    seed = at_random if sampling.seed is None else sampling.seed % at_random
    yield c.llama_sampler_init_dist(seed)


def _text(value: bytes | None) -> str:
    return value.decode("utf-8", "replace") if value else ""
