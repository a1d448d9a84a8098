from pathlib import Path

from sottovoce.domain.footprint import KvType
from sottovoce.domain.model import LoadOptions
from sottovoce.domain.settings import OwnLoad, Settings

ONE, OTHER = Path("/models/one.gguf"), Path("/models/other.gguf")
ALL = Settings(load=LoadOptions(context=4096, threads=2))


def test_a_model_is_loaded_as_all_are_but_for_what_is_its_own() -> None:
    settings = ALL.with_own_load(OwnLoad(str(ONE), kv_type=KvType.Q8_0))
    assert settings.load_of(ONE) == LoadOptions(context=4096, threads=2, kv_type=KvType.Q8_0)
    assert settings.load_of(OTHER) == ALL.load


def test_what_is_a_models_own_is_replaced_and_forgotten() -> None:
    settings = ALL.with_own_load(OwnLoad(str(ONE), context=512))
    settings = settings.with_own_load(OwnLoad(str(ONE), context=1024))
    assert settings.load_of(ONE).context == 1024
    assert settings.with_own_load(OwnLoad(str(ONE))) == ALL
