from pathlib import Path

import pytest

from sottovoce.domain.footprint import KvType
from sottovoce.domain.model import LoadOptions, Sampling
from sottovoce.domain.settings import Attachment, Settings
from sottovoce.store import migrations
from sottovoce.store.database import open_database
from sottovoce.store.store import Store, open_store

CHOSEN = Settings(
    model="/models/ä.gguf",
    models=("/models/ä.gguf", "/\udcff.gguf"),
    system_prompt="Be brief.",
    sampling=Sampling(temperature=0.2, seed=7, stop=("\n\n",)),
    load=LoadOptions(context=8192, kv_type=KvType.Q8_0, flash_attention=True),
    adapters=(Attachment("/models/ä.gguf", "/adapters/legal.gguf", scale=0.5),),
)


def test_settings_are_kept(path: Path, key: bytes) -> None:
    with open_store(path, key) as store:
        assert store.settings() == Settings()
        store.keep_settings(CHOSEN)
    with open_store(path, key) as store:
        assert store.settings() == CHOSEN


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("system_prompt", "17", Settings()),
        ("system_prompt", "{broken", Settings()),
        ("sampling", '{"temperature": "hot", "top_k": 3}', Settings(sampling=Sampling(top_k=3))),
        ("sampling", "[]", Settings()),
        ("from_the_future", "true", Settings()),
    ],
)
def test_what_cannot_be_understood_has_its_default(
    path: Path, key: bytes, name: str, value: str, expected: Settings
) -> None:
    database = open_database(path, key, migrations.released("chats"), what="chats")
    with database.writing() as connection:
        connection.execute(
            "INSERT INTO settings VALUES (:name, :value)", {"name": name, "value": value}
        )
    assert Store(database).settings() == expected
    database.close()
