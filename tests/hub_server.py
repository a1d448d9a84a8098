"""A model hub on loopback: it speaks as much of the hub's HTTP as its real client needs.

Two servers, as there are two in earnest: the hub, which knows the repositories, and the file host,
to which the hub redirects for large files. What goes wrong is a Fault, given before it happens.
Started as a program it serves a folder of `owner/name/file` and prints its address.
"""

import hashlib
import json
import re
import socket
import ssl
import struct
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self
from urllib.parse import parse_qs, quote, unquote, urlsplit

Content = bytes | Path
"""The bytes of a file, or where they are."""

_BLOCK = 65_536
_REPOSITORY = re.compile(r"/api/models/([^/]+/[^/]+)(?:/(revision|tree)/([^/]+))?")
_RESOLVE = re.compile(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)")
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


@dataclass
class Fault:
    """What goes wrong with requests whose "METHOD path" holds `where`."""

    where: str
    times: int = 1
    """How many requests; after them all is well."""
    after: int = 0
    """How many such requests go well before."""
    status: int | None = None
    """Answer with this, and nothing of what was asked for."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Put in the place of the true ones; an empty text takes one away."""
    body: bytes | None = None
    """In the place of the true one."""
    cut: int | None = None
    """End the connection after so many bytes of the body."""
    reset: bool = False
    """Whether the cut is a reset and no orderly end."""
    flip: int | None = None
    """Turn over the bits of this byte of the file."""
    extra: int = 0
    """Send so many bytes more than there are."""
    ignore_range: bool = False
    """Answer 200 with the whole file, whatever range was asked for."""
    pause: float = 0.0
    """Seconds between two blocks of 64 KiB."""
    stall: int | None = None
    """Send no more after so many bytes of the body, and keep the connection until `mend`."""


@dataclass(frozen=True)
class Asked:
    """A request as it came in."""

    server: str
    """"hub" or "files"."""
    method: str
    path: str
    """With its query."""
    headers: Mapping[str, str]
    """Their names in small letters."""

    @property
    def token(self) -> str | None:
        return self.headers.get("authorization")


@dataclass(frozen=True)
class Sent:
    """A stretch of a file that went out."""

    name: str
    """Repository and file, as "owner/name/file"."""
    start: int
    end: int


@dataclass
class _File:
    content: Content

    def __post_init__(self) -> None:
        digest, git = hashlib.sha256(), hashlib.sha1()  # The second is what git calls a file by.
        git.update(b"blob %d\0" % self.size)
        for block in self.blocks(0, self.size):
            digest.update(block)
            git.update(block)
        self.sha256, self.git = digest.hexdigest(), git.hexdigest()

    @property
    def size(self) -> int:
        return len(self.content) if isinstance(self.content, bytes) else self.content.stat().st_size

    def blocks(self, start: int, end: int) -> Iterator[bytes]:
        if isinstance(self.content, bytes):
            for at in range(start, end, _BLOCK):
                yield self.content[at : min(at + _BLOCK, end)]
            return
        with self.content.open("rb") as file:
            file.seek(start)
            while start < end and (block := file.read(min(_BLOCK, end - start))):
                start += len(block)
                yield block


_REST = 1.0
"""Seconds to wait for bodies under way to end; those that are stalled do not."""


class HubServer:
    """Serves repositories inside a `with`. Everything it was asked and sent can be looked at."""

    def __init__(
        self,
        repositories: Mapping[str, Mapping[str, Content]],
        *,
        gated: Sequence[str] = (),
        token: str = "hf_good",
        licence: str = "apache-2.0",
        page: int = 1000,
        host: str = "127.0.0.1",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`gated` repositories give their files to `token` alone. `page`: results sent at once.

        `host` is what the hub calls itself; it listens on loopback all the same.
        """
        self._files = {
            repository: {name: _File(content) for name, content in files.items()}
            for repository, files in repositories.items()
        }
        self._gated = frozenset(gated)
        self._good_token = token
        self._licence = licence
        self._page = page
        self._lock = threading.Lock()
        self._less_wrong = threading.Condition(self._lock)
        self._faults: list[Fault] = []
        self._signature = 0
        self.asked: list[Asked] = []
        self.sent: list[Sent] = []
        self._under_way = 0
        self._came_to_rest = threading.Condition(self._lock)
        self._open: set[socket.socket] = set()
        self._closing = threading.Event()
        self._servers = [_Server(self, name, tls) for name in ("hub", "files")]
        scheme = "http" if tls is None else "https"
        self.url, self.files_url = (
            f"{scheme}://{host}:{server.server_port}" for server in self._servers
        )

    def __enter__(self) -> Self:
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self.mend()
        for server in self._servers:
            server.shutdown()
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for server in self._servers:
            server.server_close()

    def fault(self, fault: Fault) -> None:
        """Let this go wrong from now on. Of the faults that fit a request it meets the oldest."""
        with self._lock:
            self._faults.append(fault)

    def mend(self) -> None:
        """Let nothing go wrong any more, and end the connections that stall."""
        with self._lock:
            self._faults.clear()
            self._less_wrong.notify_all()

    def expire(self) -> None:
        """Make the addresses on the file host that were given out so far invalid."""
        self._signature += 1

    def commit(self, repository: str) -> str:
        """The commit of a repository, made from its files."""
        files = self._files[repository]
        state = json.dumps(sorted((name, file.sha256) for name, file in files.items()))
        return hashlib.sha1(state.encode()).hexdigest()

    def sha256(self, repository: str, name: str) -> str:
        return self._files[repository][name].sha256

    def paths(self, method: str = "") -> list[str]:
        """What was asked for, in order, without queries."""
        return [asked.path.split("?")[0] for asked in self.asked if method in asked.method]

    def bytes_sent(self, repository: str, name: str) -> int:
        """How many bytes of a file went out in all.

        What was sent lies in buffers for a while; a client that is killed may not have read it all.
        """
        # A client may have the last byte before the server has written down that it was sent.
        with self._lock:
            self._came_to_rest.wait_for(lambda: self._under_way == 0, _REST)
        whole = f"{repository}/{name}"
        return sum(sent.end - sent.start for sent in self.sent if sent.name == whole)

    def bytes_sent_twice(self, repository: str, name: str) -> int:
        """How many bytes of a file went out more than once, each counted as often as it did."""
        stretches = {
            (sent.start, sent.end) for sent in self.sent if sent.name == f"{repository}/{name}"
        }
        seen = 0
        covered = 0
        for start, end in sorted(stretches):
            seen += max(end - max(start, covered), 0)
            covered = max(covered, end)
        return self.bytes_sent(repository, name) - seen

    # What follows is called by the servers' threads.

    def fault_for(self, request: str) -> Fault | None:
        with self._lock:
            for fault in self._faults:
                if fault.where not in request or fault.times <= 0:
                    continue
                if fault.after > 0:
                    fault.after -= 1
                    continue
                fault.times -= 1
                return fault
        return None

    @contextmanager
    def connected(self, connection: socket.socket) -> Iterator[None]:
        with self._lock:
            self._open.add(connection)
        try:
            yield
        finally:
            with self._lock:
                self._open.discard(connection)

    def wait(self, seconds: float | None = None) -> None:
        """Do nothing for a while, or until the servers close."""
        self._closing.wait(seconds)

    def wait_for_mend(self, fault: Fault) -> None:
        """Do nothing until this is mended, or until the servers close."""
        with self._lock:
            self._less_wrong.wait_for(lambda: all(each is not fault for each in self._faults))

    def note_sending(self) -> None:
        with self._lock:
            self._under_way += 1

    def note_sent(self, name: str, start: int, end: int) -> None:
        with self._lock:
            self._under_way -= 1
            self._came_to_rest.notify_all()
            if end > start:
                self.sent.append(Sent(name, start, end))

    def found(self, query: Mapping[str, list[str]]) -> tuple[list[object], str | None]:
        """One page of the repositories a search finds, and the address of the next."""
        words = query.get("search", [""])[0].lower()
        limit = int(query.get("limit", ["1000"])[0])
        start = int(query.get("cursor", ["0"])[0])
        fits = [name for name in self._files if words in name.lower()]
        end = start + min(limit, self._page)
        link = f"{self.url}/api/models?search={quote(words)}&limit={limit}&cursor={end}"
        return [self.described(name) for name in fits[start:end]], (
            link if end < len(fits) else None
        )

    def described(self, repository: str) -> dict[str, object]:
        return {
            "_id": "0123456789",
            "id": repository,
            "modelId": repository,
            "sha": self.commit(repository),
            "private": False,
            "disabled": False,
            "gated": "manual" if repository in self._gated else False,
            "tags": ["gguf", f"license:{self._licence}"],
            "cardData": {"license": self._licence},
            "downloads": 1234,
            "likes": 56,
            "createdAt": "2026-01-01T00:00:00.000Z",
            "lastModified": "2026-02-03T04:05:06.000Z",
            "siblings": [
                {"rfilename": name, "size": file.size, "blobId": file.git, **_lfs(name, file)}
                for name, file in self._files[repository].items()
            ],
        }

    def tree(self, repository: str) -> list[object]:
        return [
            {"type": "file", "oid": file.git, "size": file.size, "path": name}
            | ({"lfs": {"oid": file.sha256, "size": file.size, "pointerSize": 134}} if lfs else {})
            for name, file in self._files[repository].items()
            for lfs in [bool(_lfs(name, file))]
        ]

    def refusal(self, repository: str, asked: Asked, *, files: bool) -> tuple[int, str] | None:
        """Status and error code for who may not see this repository or its files."""
        is_known = asked.token == f"Bearer {self._good_token}"
        if asked.token is not None and not asked.token.startswith("Bearer hf_"):
            return 401, ""
        if repository not in self._files:
            return (404 if is_known else 401), "RepoNotFound"
        if files and repository in self._gated and not is_known:
            return (401 if asked.token is None else 403), "GatedRepo"
        return None

    def file(self, repository: str, name: str) -> _File | None:
        return self._files.get(repository, {}).get(name)

    def address(self, repository: str, name: str) -> str:
        """Where the file host has a file, signed as long as nothing expires."""
        path = quote(f"{repository}/{name}")
        return f"{self.files_url}/{path}?signature={self._signature}"

    def is_signed(self, query: Mapping[str, list[str]]) -> bool:
        return query.get("signature") == [str(self._signature)]


def _lfs(name: str, file: _File) -> dict[str, object]:
    """What the hub knows of a large file. Small ones it keeps itself, and knows by git's name."""
    if not name.endswith(".gguf") and file.size < 1_000_000:
        return {}
    return {"lfs": {"sha256": file.sha256, "size": file.size, "pointerSize": 134}}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # A test may start many connections at once.
    request_queue_size = 64

    def __init__(self, hub: HubServer, name: str, tls: ssl.SSLContext | None) -> None:
        self.hub = hub
        self.name = name
        super().__init__(("127.0.0.1", 0), _Handler)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True)

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: clients that go away are what is tested."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def handle(self) -> None:
        with self.server.hub.connected(self.connection):
            super().handle()

    def log_message(self, *_: object) -> None:
        """Nothing: the hub keeps what was asked."""

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        asked = Asked(
            self.server.name,
            self.command,
            self.path,
            {name.lower(): value for name, value in self.headers.items()},
        )
        hub = self.server.hub
        hub.asked.append(asked)
        fault = hub.fault_for(f"{self.command} {self.path}") or Fault("")
        if fault.status is not None:
            self._send(fault.status, fault.body or b"", {}, fault)
        elif self.server.name == "hub":
            self._answer_as_hub(hub, asked, fault)
        else:
            self._answer_as_file_host(hub, fault)

    def _answer_as_hub(self, hub: HubServer, asked: Asked, fault: Fault) -> None:
        url = urlsplit(self.path)
        path, query = unquote(url.path), parse_qs(url.query)
        if path == "/api/models":
            page, following = hub.found(query)
            link = {"Link": f'<{following}>; rel="next"'} if following else {}
            self._send_json(page, link, fault)
        elif match := _REPOSITORY.fullmatch(path):
            repository, view, revision = match.groups()
            if refusal := hub.refusal(repository, asked, files=False):
                self._refuse(*refusal, fault)
            elif revision not in {None, "main", hub.commit(repository)}:
                self._refuse(404, "RevisionNotFound", fault)
            else:
                described = hub.tree(repository) if view == "tree" else hub.described(repository)
                self._send_json(described, {"X-Repo-Commit": hub.commit(repository)}, fault)
        elif match := _RESOLVE.fullmatch(path):
            self._resolve(hub, asked, match, fault)
        else:
            self._refuse(404, "", fault)

    def _resolve(self, hub: HubServer, asked: Asked, path: re.Match[str], fault: Fault) -> None:
        repository, revision, name = path.groups()
        if refusal := hub.refusal(repository, asked, files=True):
            self._refuse(*refusal, fault)
            return
        commit = hub.commit(repository)
        file = hub.file(repository, name)
        if revision not in {"main", commit}:
            self._refuse(404, "RevisionNotFound", fault)
        elif file is None:
            self._refuse(404, "EntryNotFound", fault)
        elif _lfs(name, file):
            headers = {
                "X-Repo-Commit": commit,
                "X-Linked-Size": str(file.size),
                "X-Linked-ETag": f'"{file.sha256}"',
                "ETag": f'"{file.sha256}"',
                "Location": hub.address(repository, name),
            }
            self._send(302, b"", headers, fault)
        else:
            headers = {"X-Repo-Commit": commit, "ETag": f'"{file.git}"'}
            self._send_file(hub, f"{repository}/{name}", file, headers, fault)

    def _answer_as_file_host(self, hub: HubServer, fault: Fault) -> None:
        url = urlsplit(self.path)
        owner, repository, name = unquote(url.path).lstrip("/").split("/", 2)
        file = hub.file(f"{owner}/{repository}", name)
        if file is None:
            self._refuse(404, "", fault)
        elif not hub.is_signed(parse_qs(url.query)):
            self._refuse(403, "", fault)
        else:
            headers = {"ETag": f'"{file.sha256}"'}
            self._send_file(hub, f"{owner}/{repository}/{name}", file, headers, fault)

    def _send_file(
        self, hub: HubServer, name: str, file: _File, headers: Mapping[str, str], fault: Fault
    ) -> None:
        start, end, status = 0, file.size, 200
        headers = {**headers, "Accept-Ranges": "bytes", "Content-Type": "application/octet-stream"}
        asked = _RANGE.fullmatch(self.headers.get("Range") or "")
        if asked and not fault.ignore_range:
            start = int(asked[1])
            end = min(int(asked[2]) + 1, file.size) if asked[2] else file.size
            if start >= file.size:
                self._send(416, b"", {"Content-Range": f"bytes */{file.size}"}, fault)
                return
            status = 206
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{file.size}"
        if fault.body is not None:
            self._send(status, fault.body, headers, fault)
            return
        self._send_head(status, {**headers, "Content-Length": str(end - start)}, fault)
        if self.command == "HEAD":
            return
        at = start
        hub.note_sending()
        try:
            for block in file.blocks(start, end):
                block = _flipped(block, at, fault.flip)
                if fault.cut is not None and at + len(block) >= start + fault.cut:
                    block = block[: start + fault.cut - at]
                    self.wfile.write(block)
                    at += len(block)
                    self._cut(reset=fault.reset)
                    return
                if fault.stall is not None and at + len(block) > start + fault.stall:
                    hub.wait_for_mend(fault)
                    self.close_connection = True
                    return
                self.wfile.write(block)
                at += len(block)
                if fault.pause:
                    hub.wait(fault.pause)
            self.wfile.write(b"x" * fault.extra)
        except OSError:
            self.close_connection = True
        finally:
            hub.note_sent(name, start, at)

    def _cut(self, *, reset: bool) -> None:
        self.wfile.flush()
        self.close_connection = True
        if reset:  # With nothing left to linger for, closing the socket is a reset.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        else:
            self.connection.shutdown(socket.SHUT_RDWR)

    def _refuse(self, status: int, code: str, fault: Fault) -> None:
        headers = {"X-Error-Code": code, "X-Error-Message": code} if code else {}
        self._send(status, b'{"error": "refused"}', headers, fault)

    def _send_json(self, value: object, headers: Mapping[str, str], fault: Fault) -> None:
        body = json.dumps(value).encode() if fault.body is None else fault.body
        self._send(200, body, {"Content-Type": "application/json", **headers}, fault)

    def _send(self, status: int, body: bytes, headers: Mapping[str, str], fault: Fault) -> None:
        self._send_head(status, {"Content-Length": str(len(body)), **headers}, fault)
        if self.command == "HEAD":
            return
        if fault.stall is not None:
            self.wfile.write(body[: fault.stall])
            self.server.hub.wait_for_mend(fault)
            self.close_connection = True
            return
        self.wfile.write(body if fault.cut is None else body[: fault.cut])
        if fault.cut is not None:
            self._cut(reset=fault.reset)

    def _send_head(self, status: int, headers: Mapping[str, str], fault: Fault) -> None:
        self.send_response(status)
        instead = {name.lower(): value for name, value in fault.headers.items()}
        kept = {name: value for name, value in headers.items() if name.lower() not in instead}
        for name, value in {**kept, **fault.headers}.items():
            if value:
                self.send_header(name, value)
        self.end_headers()


def _flipped(block: bytes, at: int, flip: int | None) -> bytes:
    """The block, which begins at `at`, with the bits of the byte at `flip` turned over."""
    if flip is None or not at <= flip < at + len(block):
        return block
    changed = bytearray(block)
    changed[flip - at] ^= 0xFF
    return bytes(changed)


def _serve(folder: Path) -> None:
    repositories: dict[str, dict[str, Content]] = {}
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        owner, name, *rest = file.relative_to(folder).parts
        repositories.setdefault(f"{owner}/{name}", {})["/".join(rest)] = file
    with HubServer(repositories) as hub:
        sys.stdout.write(f"{hub.url}\n")
        sys.stdout.flush()
        with suppress(KeyboardInterrupt):
            hub.wait()


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
