"""ggml, the library beneath llama.cpp, as far as the engine calls it by itself.

The llama_cpp package declares none of its functions, so they are declared here as in ggml.h,
ggml-alloc.h, ggml-backend.h and gguf.h.
"""

import ctypes
import random
from collections.abc import Callable
from ctypes import POINTER, c_bool, c_char_p, c_float, c_int, c_int64, c_size_t, c_uint32, c_void_p
from functools import cache
from itertools import takewhile
from types import SimpleNamespace
from typing import TypeVar

from sottovoce.engine import llama

F32, F16 = 0, 1
"""Types, by their numbers in ggml.h."""


class Room(ctypes.Structure):
    """What a ggml context takes for the descriptions of tensors: ggml_init_params."""

    _fields_ = (("size", c_size_t), ("buffer", c_void_p), ("no_data", c_bool))


class GgufOptions(ctypes.Structure):
    """How a GGUF file is opened: gguf_init_params."""

    _fields_ = (("no_data", c_bool), ("tensors", c_void_p))


class Tensor(ctypes.Structure):
    """The first fields of ggml_tensor."""

    _fields_ = (("type", c_int), ("buffer", c_void_p), ("size", c_int64 * 4))


_DECLARED: dict[str, tuple[object, ...]] = {
    "ggml_backend_alloc_ctx_tensors_from_buft": (c_void_p, c_void_p, c_void_p),
    "ggml_backend_buffer_free": (None, c_void_p),
    "ggml_backend_buffer_get_base": (c_void_p, c_void_p),
    "ggml_backend_buffer_is_host": (c_bool, c_void_p),
    "ggml_backend_buft_alloc_buffer": (c_void_p, c_void_p, c_size_t),
    "ggml_backend_dev_backend_reg": (c_void_p, c_void_p),
    "ggml_backend_dev_buffer_type": (c_void_p, c_void_p),
    "ggml_backend_dev_count": (c_size_t,),
    "ggml_backend_dev_description": (c_char_p, c_void_p),
    "ggml_backend_dev_get": (c_void_p, c_size_t),
    "ggml_backend_dev_init": (c_void_p, c_void_p, c_char_p),
    "ggml_backend_dev_memory": (None, c_void_p, POINTER(c_size_t), POINTER(c_size_t)),
    "ggml_backend_dev_supports_op": (c_bool, c_void_p, c_void_p),
    "ggml_backend_dev_type": (c_int, c_void_p),
    "ggml_backend_free": (None, c_void_p),
    "ggml_backend_graph_compute": (c_int, c_void_p, c_void_p),
    "ggml_backend_load": (c_void_p, c_char_p),
    "ggml_backend_load_all_from_path": (None, c_char_p),
    "ggml_backend_reg_get_proc_address": (c_void_p, c_void_p, c_char_p),
    "ggml_backend_reg_count": (c_size_t,),
    "ggml_backend_reg_get": (c_void_p, c_size_t),
    "ggml_backend_reg_name": (c_char_p, c_void_p),
    "ggml_backend_tensor_alloc": (c_int, c_void_p, c_void_p, c_void_p),
    "ggml_backend_tensor_set": (None, c_void_p, c_char_p, c_size_t, c_size_t),
    "ggml_build_forward_expand": (None, c_void_p, c_void_p),
    "ggml_free": (None, c_void_p),
    "ggml_init": (c_void_p, Room),
    "ggml_mul_mat": (c_void_p, c_void_p, c_void_p, c_void_p),
    "ggml_nbytes": (c_size_t, c_void_p),
    "ggml_new_graph": (c_void_p, c_void_p),
    "ggml_permute": (c_void_p, c_void_p, c_void_p, c_int, c_int, c_int, c_int),
    "ggml_soft_max": (c_void_p, c_void_p, c_void_p),
    "ggml_new_tensor_3d": (c_void_p, c_void_p, c_int, c_int64, c_int64, c_int64),
    "ggml_new_tensor_2d": (c_void_p, c_void_p, c_int, c_int64, c_int64),
    "ggml_row_size": (c_size_t, c_int, c_int64),
    "ggml_type_name": (c_char_p, c_int),
    "gguf_find_key": (c_int64, c_void_p, c_char_p),
    "gguf_free": (None, c_void_p),
    "gguf_get_arr_n": (c_size_t, c_void_p, c_int64),
    "gguf_get_kv_type": (c_int, c_void_p, c_int64),
    "gguf_get_n_tensors": (c_int64, c_void_p),
    "gguf_get_tensor_name": (c_char_p, c_void_p, c_int64),
    "gguf_get_tensor_ne": (POINTER(c_int64), c_void_p, c_int64),
    "gguf_get_tensor_size": (c_size_t, c_void_p, c_int64),
    "gguf_get_tensor_type": (c_int, c_void_p, c_int64),
    "gguf_get_val_data": (c_void_p, c_void_p, c_int64),
    "gguf_get_arr_type": (c_int, c_void_p, c_int64),
    "gguf_get_arr_data": (c_void_p, c_void_p, c_int64),
    "gguf_get_val_str": (c_char_p, c_void_p, c_int64),
    "gguf_init_empty": (c_void_p,),
    "gguf_init_from_file": (c_void_p, c_char_p, GgufOptions),
    "gguf_set_val_f32": (None, c_void_p, c_char_p, c_float),
    "gguf_set_val_str": (None, c_void_p, c_char_p, c_char_p),
    "gguf_set_val_u32": (None, c_void_p, c_char_p, c_uint32),
}
"""What each function gives, and what it takes."""


@cache
def functions() -> SimpleNamespace:
    """All of the above by their names, from the same copy of ggml that llama.cpp uses."""
    libraries = llama.libraries()
    found = SimpleNamespace()
    for name, (result, *arguments) in _DECLARED.items():
        function = next(getattr(library, name) for library in libraries if hasattr(library, name))
        function.restype, function.argtypes = result, arguments
        setattr(found, name, function)
    return found


def fill(tensor: int) -> None:
    """Give a tensor of any type weights, of no meaning, but as good to compute with as others."""
    size = functions().ggml_nbytes(tensor)
    functions().ggml_backend_tensor_set(tensor, (_FILLING * (size // len(_FILLING) + 1)), 0, size)


# Bytes of which any two make an ordinary number in half precision, and any four in single: every
# type of weights has one or the other inside, and numbers too small to be normal would be slow.
_FILLING = bytes(random.Random(0).choices(range(0x24, 0x3C), k=1 << 20))  # noqa: S311  No secrets.


def type_name(number: int) -> str:
    """The name of a type, such as "Q4_K" or "F16"."""
    name: bytes = functions().ggml_type_name(number)
    return name.decode().upper()


SetThreads = ctypes.CFUNCTYPE(None, c_void_p, c_int)
SetAbort = ctypes.CFUNCTYPE(None, c_void_p, c_void_p, c_void_p)
_ExtraPlaces = ctypes.CFUNCTYPE(POINTER(c_void_p), c_void_p)
"""Functions that not every back end has."""

Offered = TypeVar("Offered")


def offered(registry: int, name: bytes, kind: Callable[[int], Offered]) -> Offered | None:
    """A function of a back end, if it has one of this name."""
    address = functions().ggml_backend_reg_get_proc_address(registry, name)
    return kind(address) if address else None


def extra_places(device: int, registry: int) -> list[int]:
    """Kinds of memory in which a device keeps weights rearranged."""
    ask = offered(registry, b"ggml_backend_dev_get_extra_bufts", _ExtraPlaces)
    found = ask(device) if ask else None
    return list(takewhile(bool, found)) if found else []
