"""The library of a profile, with all it needs."""

from contextlib import suppress
from functools import partial

from sottovoce.domain.problems import Problem
from sottovoce.engine.embedding_process import ProcessEmbedder, ProcessReranker
from sottovoce.engine.identity import identity
from sottovoce.library.embedders import Embedders
from sottovoce.library.embedding import bundled, by_identity
from sottovoce.library.local import LocalLibrary
from sottovoce.library.reranking import Reranking
from sottovoce.models.admission import Admission
from sottovoce.models.shelf import shelf_in
from sottovoce.store.document_store import open_documents
from sottovoce.system.audit import Audit
from sottovoce.system.paths import Profile


def open_library(profile: Profile, key: bytes | None) -> LocalLibrary:
    """Return the documents that are kept under the vault's key; without one, some in memory.

    Raises what open_documents raises.
    """
    log = profile.logs / "engine.log"
    admission = Admission(profile)
    if key is not None:
        admission.remember(key)
    needs = profile.policy.needs_sandbox
    engine = partial(ProcessEmbedder, log=log, admit=admission.admit, needs_sandbox=needs)
    embedders = Embedders(_bundled(), partial(by_identity, shelf_in(profile)), engine)
    reranker = partial(ProcessReranker, log=log, admit=admission.admit, needs_sandbox=needs)
    parts = (embedders, Reranking(reranker))
    audit = Audit(profile)
    if key is None:
        store = open_documents(None, b"")
        return LocalLibrary(store, *parts, needs_sandbox=needs, audit=audit)
    store = open_documents(profile.documents, key)
    lock = profile.documents_lock
    return LocalLibrary(store, *parts, lock=lock, needs_sandbox=needs, audit=audit)


def _bundled() -> str:
    """The identity of the model that came with Sottovoce; if it is missing, that of none."""
    with suppress(Problem):  # Words are found without it.
        return identity(bundled())
    return ""
