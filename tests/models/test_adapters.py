from pathlib import Path

import pytest

from engine.lora import RANK, write_adapter
from sottovoce.domain.problems import Damaged, Missing, Unsupported
from sottovoce.domain.stop import Stop
from sottovoce.models.adapters import AdapterItem, AdapterShelf
from sottovoce.models.records import read_record, record_place
from tiny_llama import tiny_llama


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    """A LoRA adapter of random numbers for the tiny model."""
    return write_adapter(tmp_path / "polite.gguf")


@pytest.fixture
def shelf(tmp_path: Path) -> AdapterShelf:
    return AdapterShelf(tmp_path / "adapters")


def test_a_new_shelf_is_empty(shelf: AdapterShelf) -> None:
    assert shelf.items() == []
    with pytest.raises(Missing, match="no adapter yet"):
        shelf.find("polite")


def test_a_linked_adapter_says_what_it_fits(shelf: AdapterShelf, adapter: Path) -> None:
    item = shelf.link(adapter, Stop())
    assert (item.name, item.architecture, item.trouble) == ("Polite", "llama", "")
    assert item.lora is not None
    assert (item.lora.rank, item.lora.alpha) == (RANK, 8.0)
    assert shelf.items() == [item]
    assert shelf.link(adapter, Stop()) == item


@pytest.mark.parametrize("wanted", ["polite", "POLITE", "pol"])
def test_an_adapter_is_found_by_its_name(shelf: AdapterShelf, adapter: Path, wanted: str) -> None:
    shelf.link(adapter, Stop())
    assert shelf.find(wanted).path == adapter
    assert shelf.find(str(adapter)).path == adapter
    with pytest.raises(Missing, match="Polite"):
        shelf.find("rude")


def test_a_copied_adapter_stays_without_its_source(shelf: AdapterShelf, adapter: Path) -> None:
    *_, item = shelf.copy(adapter, Stop())
    adapter.unlink()
    assert isinstance(item, AdapterItem)
    assert shelf.items() == [item]
    record = read_record(record_place(item.path))
    assert record is not None
    assert record.files[0].sha256
    shelf.remove(item)
    assert shelf.items() == []
    assert not list(shelf.folder.glob("polite*"))


def test_removing_a_link_leaves_the_file(shelf: AdapterShelf, adapter: Path) -> None:
    shelf.remove(shelf.link(adapter, Stop()))
    assert shelf.items() == []
    assert adapter.exists()


def test_a_model_is_no_adapter(shelf: AdapterShelf) -> None:
    with pytest.raises(Unsupported, match="no LoRA adapter"):
        shelf.link(tiny_llama(), Stop())


def test_a_damaged_adapter_is_told(shelf: AdapterShelf, adapter: Path) -> None:
    shelf.link(adapter, Stop())
    adapter.write_bytes(b"GGUF")
    [item] = shelf.items()
    assert item.lora is None
    assert "damaged" in item.trouble
    shelf.remove(item)
    with pytest.raises(Damaged):
        shelf.link(adapter, Stop())


def test_an_adapter_that_is_gone_is_told(shelf: AdapterShelf, adapter: Path) -> None:
    shelf.link(adapter, Stop())
    adapter.unlink()
    assert "not there" in shelf.items()[0].trouble
