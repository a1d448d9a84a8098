"""How fast a device multiplies matrices of weights, timed with ggml alone."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from sottovoce.domain.problems import Cancelled
from sottovoce.domain.speed import TypeRate
from sottovoce.engine import backends, ggml, llama
from sottovoce.engine.backends import Device

TYPES = {
    "F16": 1, "Q8_0": 8, "Q4_K": 12, "Q6_K": 14, "Q5_K": 13, "Q4_0": 2, "Q3_K": 11, "Q2_K": 10,
    "F32": 0, "BF16": 30, "IQ4_XS": 23, "IQ4_NL": 20, "MXFP4": 39, "Q4_1": 3, "Q5_0": 6, "Q5_1": 7,
    "IQ3_S": 21, "IQ3_XXS": 18, "IQ2_S": 22, "IQ2_XS": 17, "IQ2_XXS": 16, "IQ1_M": 29, "IQ1_S": 19,
}  # fmt: skip
"""What weights come in, the most usual first, with the numbers of ggml.h."""
REPACKED = "Q4_0"
"""Weights of this type are rearranged for the processor while they are loaded."""

LONG_ROW, SHORT_ROW = 4096, 256
"""Numbers in a row: as in a model of 8 billion weights, and as few as every type allows."""
PIECES = 4
"""Matrices multiplied one after the other: between them a stop is noticed."""
LAYERS, HEADS, KV_HEADS, HEAD_SIZE, POSITIONS = 16, 32, 8, 64, 2048
"""The attention of Llama 3.2 1B: its KV cache for so many tokens fits no other cache."""
SECONDS, LEAST_TIMES = 0.04, 3
"""How long each is repeated."""
SHARE = 4
"""The part of a GPU's free memory that its matrices may take at most, as a divisor."""
QUICK = 0.01
"""Seconds in which a GPU that deserves to be measured with large matrices multiplies small ones."""
DESCRIPTIONS = 1 << 20
"""Bytes that describe the tensors of one graph."""


class Bench:
    """One device, ready to multiply."""

    def __init__(self, device: Device, threads: int, flag: llama.Flag) -> None:
        """Raises MemoryError."""
        self._c = ggml.functions()
        self._device = device
        self._flag = flag
        # A matrix that no cache holds, and batches as a processor reads them.
        self._bytes, self._batch, self._batch_rows = 64 << 20, 128, 256
        self.spreads: list[float] = []
        """How much slower than the fastest the middle one of the repetitions was, for each type."""
        self._plain = self._c.ggml_backend_dev_buffer_type(device.handle)
        self._back_end = self._c.ggml_backend_dev_init(device.handle, None)
        if not self._back_end:
            raise MemoryError
        registry = device.registry
        if set_threads := ggml.offered(registry, b"ggml_backend_set_n_threads", ggml.SetThreads):
            set_threads(self._back_end, threads)
        if set_abort := ggml.offered(registry, b"ggml_backend_set_abort_callback", ggml.SetAbort):
            set_abort(self._back_end, flag.reader, flag.address)

    def close(self) -> None:
        """Give its memory back."""
        self._c.ggml_backend_free(self._back_end)

    def suit_gpu(self) -> None:
        """Multiply what keeps a fast GPU busy, but in no more memory than it can spare.

        Raises Cancelled once the flag is set, and MemoryError.
        """
        times = self._times(ggml.F16, LONG_ROW, self._batch_rows, self._batch)
        if times and min(times) < QUICK:
            self._bytes, self._batch, self._batch_rows = 512 << 20, 512, 4096
        self._bytes = min(self._bytes, backends.gpu(self._device).free // SHARE)

    def rate(self, name: str) -> TypeRate | None:
        """How fast it is with weights of this type; None if it cannot use them.

        Raises Cancelled once the flag is set, and MemoryError.
        """
        kind = TYPES[name]
        row = self._c.ggml_row_size(kind, LONG_ROW)
        rows = self._bytes // PIECES // row // 64 * 64  # Rearranged are several rows at once.
        whole = self._times(kind, LONG_ROW, rows, 1)
        if not whole:
            return None
        self.spreads.append((median(whole) - min(whole)) / min(whole))
        batch = self._times(kind, LONG_ROW, self._batch_rows, self._batch)
        return TypeRate(
            type=name,
            bytes_per_second=row * rows / min(whole),
            operations_per_second=2 * LONG_ROW * self._batch_rows * self._batch / min(batch),
            seconds_per_row=0 if self._device.is_gpu else self._seconds_per_row(kind),
        )

    def attention(self) -> float:
        """Numbers of keys and values that its heads look back on in a second.

        Raises Cancelled once the flag is set, and MemoryError.
        """
        with self._attention() as graph:
            looks = LAYERS * HEADS * POSITIONS * 2 * HEAD_SIZE
            return looks / min(self._repeated(graph))

    def _seconds_per_row(self, kind: int) -> float:
        """What is left of the time for a short row when that for its bytes is taken away."""
        rows = 4096  # The cache holds them.
        short = min(self._times(kind, SHORT_ROW, rows, 1))
        longer = min(self._times(kind, 2 * SHORT_ROW, rows, 1))
        return max(2 * short - longer, 0) / rows

    def _times(self, kind: int, length: int, rows: int, columns: int) -> list[float]:
        """Seconds it took to multiply one such matrix, again and again; empty if it cannot."""
        with self._graph(kind, length, rows, columns) as graph:
            times = self._repeated(graph) if graph is not None else []
        return [seconds / PIECES for seconds in times]

    def _repeated(self, graph: int) -> list[float]:
        """How long each repetition took. The first of all fills the caches and is not counted."""
        self._compute(graph)
        times = list[float]()
        while sum(times) < SECONDS or len(times) < LEAST_TIMES:
            begun = time.perf_counter()
            self._compute(graph)
            times.append(time.perf_counter() - begun)
        return times

    def _compute(self, graph: int) -> None:
        done = self._c.ggml_backend_graph_compute(self._back_end, graph)
        if self._flag.is_set:
            raise Cancelled
        if done != 0:
            raise MemoryError

    @contextmanager
    def _graph(self, kind: int, length: int, rows: int, columns: int) -> Iterator[int | None]:
        """The multiplication of a few such matrices with `columns` tokens."""
        c = self._c
        with self._tensors() as inner, self._tensors() as outer:
            matrices = [c.ggml_new_tensor_2d(inner, kind, length, rows) for _ in range(PIECES)]
            tokens = c.ggml_new_tensor_2d(outer, ggml.F32, length, columns)
            products = [c.ggml_mul_mat(outer, matrix, tokens) for matrix in matrices]
            graph = c.ggml_new_graph(outer)
            for product in products:
                c.ggml_build_forward_expand(graph, product)
            place = self._place_for(kind, matrices[0], products[0])
            if place is None:
                yield None
                return
            with self._memory(inner, place), self._memory(outer, self._plain):
                self._fill(*matrices, tokens)
                yield graph

    @contextmanager
    def _attention(self) -> Iterator[int]:
        """What each layer does with its KV cache to write one token."""
        c = self._c
        with self._tensors() as context:
            query = c.ggml_new_tensor_3d(context, ggml.F32, HEAD_SIZE, 1, HEADS)
            graph = c.ggml_new_graph(context)
            filled = [query]
            for _ in range(LAYERS):
                keys = c.ggml_new_tensor_3d(context, ggml.F16, HEAD_SIZE, KV_HEADS, POSITIONS)
                values = c.ggml_new_tensor_3d(context, ggml.F16, POSITIONS, HEAD_SIZE, KV_HEADS)
                by_head = c.ggml_permute(context, keys, 0, 2, 1, 3)
                weights = c.ggml_soft_max(context, c.ggml_mul_mat(context, by_head, query))
                c.ggml_build_forward_expand(graph, c.ggml_mul_mat(context, values, weights))
                filled += [keys, values]
            with self._memory(context, self._plain):
                self._fill(*filled)
                yield graph

    def _fill(self, *tensors: int) -> None:
        for tensor in tensors:
            if self._flag.is_set:
                raise Cancelled
            ggml.fill(tensor)

    def _place_for(self, kind: int, matrix: int, product: int) -> int | None:
        """The kind of memory that weights of this type are best in; None if in none."""
        c, device = self._c, self._device
        places = [self._plain]
        if kind == TYPES[REPACKED]:
            places = [*ggml.extra_places(device.handle, device.registry), *places]
        for place in places:
            # llama.cpp asks in this way, too: whether it works depends on where the weights lie.
            empty = c.ggml_backend_buft_alloc_buffer(place, 0)
            ggml.Tensor.from_address(matrix).buffer = empty
            works = c.ggml_backend_dev_supports_op(device.handle, product)
            ggml.Tensor.from_address(matrix).buffer = None
            c.ggml_backend_buffer_free(empty)
            if works:
                return int(place)
        return None

    @contextmanager
    def _tensors(self) -> Iterator[int]:
        context = self._c.ggml_init(ggml.Room(DESCRIPTIONS, None, True))
        try:
            yield context
        finally:
            self._c.ggml_free(context)

    @contextmanager
    def _memory(self, tensors: int, place: int) -> Iterator[None]:
        buffer = self._c.ggml_backend_alloc_ctx_tensors_from_buft(tensors, place)
        if not buffer:
            raise MemoryError
        try:
            yield
        finally:
            self._c.ggml_backend_buffer_free(buffer)
