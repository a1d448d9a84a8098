"""LoRA adapters: whether one fits a model is looked up before llama.cpp reads it.

llama.cpp ends the process over some files that it should refuse.
"""

from collections.abc import Iterator

from sottovoce.domain.problems import Damaged, Unsupported
from sottovoce.engine.header import Header, ModelHeader, TensorInfo
from sottovoce.engine.matrices import TYPES

TABLE, SCORES = "token_embd.weight", "output.weight"
"""What turns words into numbers and, unless the first does that, too, numbers into words."""
ALPHA = "adapter.lora.alpha"
NOT_FOR_THIS = "This adapter was made for another model. Choose one that was made for this one."
DAMAGED = "The adapter file is damaged. Download it again or choose another."


def check(path: bytes, model: ModelHeader) -> None:
    """Return if the model can be loaded with this adapter. Raises Damaged or Unsupported."""
    with Header(path) as header:
        if header.text("general.type") != "adapter" or header.text("adapter.type") != "lora":
            raise Unsupported("This is no LoRA adapter. Choose another file.")
        if header.text("general.architecture") != model.shape.architecture:
            raise Unsupported(NOT_FOR_THIS)
        if header.has(ALPHA) and not header.is_float(ALPHA):
            raise Damaged(DAMAGED)
        tensors = dict(header.tensors())
    pairs = list(_pairs(tensors))
    if not pairs:
        raise Damaged(DAMAGED)
    for name, first, second in pairs:
        if name == TABLE and SCORES not in model.tensors:
            # llama.cpp would take the two the wrong way round when it scores the vocabulary.
            raise Unsupported(NOT_FOR_THIS)
        changed = model.tensors.get(name)
        if changed is None or not _fits(name, changed, first, second):
            raise Unsupported(NOT_FOR_THIS)


def _pairs(tensors: dict[str, TensorInfo]) -> Iterator[tuple[str, TensorInfo, TensorInfo]]:
    """The name of each tensor of the model that is changed, and the two that change it."""
    for name, tensor in tensors.items():
        base, _, which = name.rpartition(".")
        if tensor.type not in TYPES or 0 in tensor.size:
            raise Damaged(DAMAGED)
        if which == "lora_a":
            second = tensors.get(f"{base}.lora_b")
            if second is None:
                raise Damaged(DAMAGED)
            yield base, tensor, second
        elif which == "lora_b":
            if f"{base}.lora_a" not in tensors:
                raise Damaged(DAMAGED)
        elif not name.endswith("_norm.weight"):  # llama.cpp passes over these.
            raise Damaged(DAMAGED)


def _fits(name: str, changed: TensorInfo, first: TensorInfo, second: TensorInfo) -> bool:
    """Whether the product of the two has the size of what it is added to."""
    width, height, *deeper = changed.size
    if name == TABLE:  # Its two are the other way round.
        first, second = second, first
        sizes_fit = first.size[1] == width and second.size[1] == height
        return sizes_fit and first.size[0] == second.size[0] and [*first.size[2:]] == deeper
    return (
        first.size[0] == width
        and second.size[1] == height
        and first.size[1] == second.size[0]
        and [*first.size[2:]] == [*second.size[2:]] == deeper
    )
