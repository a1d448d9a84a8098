"""The hub's own client, with our way to the network: what a hub has, as values.

The only importer of huggingface_hub, and loaded in the network process alone. It must find the
variables of `models.remote.QUIET` in its environment, or it would ask for more than it is asked.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from huggingface_hub import HfApi, set_client_factory
from huggingface_hub.errors import HFValidationError
from huggingface_hub.hf_api import ModelInfo, RepoSibling

from sottovoce.domain.problems import Missing, Refused, Unreachable
from sottovoce.models import orders
from sottovoce.models.refusals import NO_NAME, problem_of
from sottovoce.models.repository import Found, Gate, RemoteFile, Repository
from sottovoce.system.network.client import Client, Way

_MOST = 16_000_000
"""Bytes of an answer. Repositories with thousands of files take a few million. In memory it may
take twenty times as much."""
_MOST_FILES = 20_000
"""Of a repository: more are no model's, and would take long to look through."""
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LARGEST = 2**50
"""Bytes of a file, and everything else that is counted."""


def search(way: Way, text: str, limit: int) -> list[Found]:
    """Return at most `limit` repositories with GGUF files, those with most downloads first.

    Raises the Problem that stands in the way.
    """
    with _asking(way, orders.Search.purpose) as api:
        infos = api.list_models(
            search=text,
            filter="gguf",
            sort="downloads",
            limit=limit,
            expand=["downloads", "likes", "gated", "lastModified"],
        )
        return [
            Found(
                info.id,
                downloads=_number(info.downloads),
                likes=_number(info.likes),
                gate=_gate(info),
                updated=_moment(info.last_modified),
            )
            for info in infos
            if _is_repository(info.id)
        ]


def describe(way: Way, repository: str, revision: str | None) -> Repository:
    """Return what a repository has at a revision, its files without those of unsafe names.

    Raises Missing, or the Problem that stands in the way.
    """
    if not _is_repository(repository):
        raise Missing(NO_NAME)
    with _asking(way, orders.Describe.purpose, repository) as api:
        info = api.model_info(repository, revision=revision, files_metadata=True)
        commit = info.sha or ""
        siblings = info.siblings or ()
        if not _is_repository(info.id) or not _COMMIT.fullmatch(commit):
            raise ValueError
        if len(siblings) > _MOST_FILES:
            raise Refused(f"{repository} has more files than any model. Choose another.")
        return Repository(
            name=info.id,
            commit=commit,
            files=tuple(file for each in siblings if (file := _file(each))),
            gate=_gate(info),
            licence=_licence(info),
            tags=tuple(tag for tag in map(_text, info.tags or ()) if tag),
            updated=_moment(info.last_modified),
        )


@contextmanager
def _asking(way: Way, purpose: str, repository: str = "") -> Iterator[HfApi]:
    """The hub's client with our own inside. All that goes wrong becomes a Problem."""

    def check(status: int, headers: Mapping[str, str]) -> None:
        # Before the hub's client sees it, which would ask again, for minutes.
        if status >= 400:
            raise problem_of(status, headers, repository, knows_us=way.token is not None)

    with Client(way, purpose, most=_MOST, check=check, follow_redirects=True) as client:
        set_client_factory(lambda: client)
        try:
            # No token: the client adds it where it belongs.
            yield HfApi(endpoint=way.settings.endpoint, token=False)
        except HFValidationError as error:
            raise Missing(NO_NAME) from error
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            # It takes for granted what an answer looks like.
            raise Unreachable(
                f"{way.settings.endpoint_host} did not answer as a hub does. If this network wants "
                "you to sign in, do so in a browser; then try again."
            ) from error


def _file(sibling: RepoSibling) -> RemoteFile | None:
    """None for a name that no file should have, or without a size."""
    name, size = sibling.rfilename, sibling.lfs.size if sibling.lfs else sibling.size
    if not _is_safe(name) or not isinstance(size, int) or not 0 <= size <= _LARGEST:
        return None
    digest = sibling.lfs.sha256 if sibling.lfs else ""
    return RemoteFile(name, size, digest if _SHA256.fullmatch(digest) else None)


def _is_safe(name: str) -> bool:
    """Whether a name stays inside its folder, on every system."""
    parts = name.split("/")
    return (
        name.isprintable()
        and not set(name) & {*'\\:*?"<>|'}
        and all(part.strip(". ") and len(part.encode()) <= 255 for part in parts)
    )


def _is_repository(name: object) -> bool:
    return isinstance(name, str) and _REPOSITORY.fullmatch(name) is not None


def _gate(info: ModelInfo) -> Gate:
    match info.gated:
        case "manual":
            return Gate.MANUAL
        case False | None:
            return Gate.OPEN
    return Gate.AUTOMATIC


def _licence(info: ModelInfo) -> str:
    named = _text(getattr(info.card_data, "license", ""))
    if named == "other":  # Then the card says which.
        named = _text(getattr(info.card_data, "license_name", "")) or named
    tags = (tag.removeprefix("license:") for tag in info.tags or () if tag.startswith("license:"))
    return named or _text(next(tags, ""))


def _moment(moment: datetime | None) -> datetime | None:
    """In UTC by the hub's rule; None where it says nothing, or no time zone."""
    return moment if moment is not None and moment.tzinfo is not None else None


def _number(value: object) -> int:
    return value if isinstance(value, int) and 0 <= value <= _LARGEST else 0


def _text(value: object) -> str:
    """A short text of one line; empty for anything else."""
    return value if isinstance(value, str) and len(value) <= 200 and value.isprintable() else ""
