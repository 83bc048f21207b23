"""A timestamp authority (RFC 3161) of our own on loopback: ``openssl ts`` behind a small HTTP server."""

from __future__ import annotations

import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_CONFIG = """
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
"""
_EXTENSIONS = (
    "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping\n"
)


class Authority:
    """``url`` to ask, ``roots`` (PEM file) to believe. ``answer``: what is said instead, for one that misbehaves."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.roots = folder / "root.pem"
        self.status, self.answer = 200, b""
        self._make()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}/tsr"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _make(self) -> None:
        where = self.folder
        where.mkdir(parents=True, exist_ok=True)
        (where / "serial").write_text("01\n")
        (where / "extensions").write_text(_EXTENSIONS)
        (where / "ts.cnf").write_text(_CONFIG.format(folder=where))
        root = ["-x509", "-keyout", "root.key", "-out", "root.pem", "-subj", "/CN=Loopback root", "-days", "30"]
        self._openssl("req", "-newkey", "rsa:2048", "-nodes", *root, "-addext", "keyUsage=critical,keyCertSign")
        self._openssl(
            "req", "-newkey", "rsa:2048", "-nodes", "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=TSA"
        )
        signed = ["-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-extfile", "extensions", "-days", "30"]
        self._openssl("x509", "-req", "-in", "tsa.csr", "-out", "tsa.pem", *signed)

    def _openssl(self, *words: str) -> None:
        subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        authority = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = self.rfile.read(int(self.headers["Content-Length"]))
                (authority.folder / "asked.tsq").write_bytes(asked)
                said = ["-reply", "-config", "ts.cnf", "-queryfile", "asked.tsq", "-out", "said.tsr"]
                authority._openssl("ts", *said)
                body = authority.answer or (authority.folder / "said.tsr").read_bytes()
                self.send_response(authority.status)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler
