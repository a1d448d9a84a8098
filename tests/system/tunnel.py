"""A proxy on loopback that leads every host to this computer, and certificates to trust."""

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Tunnel(ThreadingTCPServer):
    """Answers CONNECT with `status`, and with a tunnel to the same port here if that is 200."""

    daemon_threads = True

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), _Tunnelling)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: clients may go away."""


class _Tunnelling(StreamRequestHandler):
    server: Tunnel

    def handle(self) -> None:
        method, target, _ = self.rfile.readline().decode().split()
        while self.rfile.readline().strip():
            pass
        self.server.asked.append(f"{method} {target}")
        self.wfile.write(f"HTTP/1.1 {self.server.status} Proxy\r\n\r\n".encode())
        if self.server.status != 200:
            return
        port = int(target.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as there:
            back = threading.Thread(target=_pour, args=(there, self.connection), daemon=True)
            back.start()
            _pour(self.connection, there)
            back.join()


def _pour(source: socket.socket, into: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            into.sendall(data)
    with suppress(OSError):
        into.shutdown(socket.SHUT_WR)


@contextmanager
def tunnel(status: int = 200) -> Iterator[Tunnel]:
    with Tunnel(status) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()


def certificate(folder: Path, host: str) -> tuple[ssl.SSLContext, Path]:
    """What a server needs to be `host`, and the file with what must be trusted for it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    trusted, private = folder / "trusted.pem", folder / "private.pem"
    trusted.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(trusted, private)
    return context, trusted
