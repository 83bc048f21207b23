"""A record's block, read once, piece by piece: do its digests agree, and does the message in it keep its own promises?

Digests are checked in every form that is in use: hex, Base32 with or without padding, Base64; of the entity body as the
standard has it, or of the chunked bytes as wget and others write it (a difference, not damage).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import tempfile
from collections.abc import Iterator, Mapping
from typing import BinaryIO, cast

from archiver import message
from archiver.store.verify.rules import Problem

_MAX_HEAD_BYTES = 1 << 20
_IN_MEMORY_BYTES = 1 << 21
_BLANK_LINE = re.compile(rb"\n\r?\n")
_CHUNK_LINE = re.compile(rb"[0-9A-Fa-f]{1,16}[ \t]*(?:[;\r\n]|$)")
_ALGORITHMS = {"sha1": "sha1", "sha-1": "sha1", "sha256": "sha256", "sha-256": "sha256", "sha384": "sha384",
               "sha512": "sha512", "md5": "md5", "blake2b": "blake2b", "blake2s": "blake2s"}  # fmt: skip


class Digest:
    """A labelled digest of a header. ``algorithm``: hashlib's name, ``None`` when it can't be checked."""

    def __init__(self, label: str) -> None:
        name, _, value = label.partition(":")
        self.algorithm = _ALGORITHMS.get(name.strip().lower())
        self._wanted = _decoded(value.strip(), hashlib.new(self.algorithm).digest_size) if self.algorithm else None
        if self._wanted is None:
            self.algorithm = None

    def is_of(self, digest: bytes) -> bool:
        return digest == self._wanted


def _decoded(value: str, size: int) -> bytes | None:
    """The ``size`` bytes that ``value`` stands for, in whichever form; ``None`` when in none."""
    try:
        if len(value) == 2 * size:
            return bytes.fromhex(value)
        bare = value.rstrip("=")
        if len(bare) == -(-size * 8 // 5):
            return base64.b32decode(bare.upper() + "=" * (-len(bare) % 8))
        if len(bare) == -(-size * 8 // 6):
            return base64.b64decode(bare.replace("-", "+").replace("_", "/") + "=" * (-len(bare) % 4))
    except (ValueError, binascii.Error):
        pass
    return None


class Block:
    """The block of one record. ``feed`` it all, then ask for ``problems`` once."""

    def __init__(self, kind: str, first: Mapping[str, str]) -> None:
        self._kind = kind
        self._first = first
        block = first.get("warc-block-digest")
        payload = first.get("warc-payload-digest") if kind in ("response", "resource", "conversion") else None
        self._block = Digest(block) if block is not None else None
        self._payload = Digest(payload) if payload is not None else None
        self._of_block = hashlib.new(self._block.algorithm) if self._block and self._block.algorithm else None
        is_http = kind == "response" and first.get("content-type", "").lower().startswith("application/http")
        self._message = _Message(self._payload, "warc-truncated" in first) if is_http else None
        self._of_payload = None
        if self._message is None and self._payload is not None and self._payload.algorithm:
            self._of_payload = hashlib.new(self._payload.algorithm)

    def feed(self, piece: bytes | memoryview) -> None:
        if self._of_block is not None:
            self._of_block.update(piece)
        if self._message is not None:
            self._message.feed(piece)
        elif self._of_payload is not None:
            self._of_payload.update(piece)

    def close(self) -> None:
        """Let go of what was held, where the block has no end to ask about."""
        if self._message is not None:
            self._message.close()

    @property
    def has_head(self) -> bool:
        """Whether it is an answer whose head could be read."""
        return self._message is not None and self._message.has_head

    def problems(self, *, strict: bool) -> Iterator[Problem]:
        """``strict``: a payload digest must be that of the entity body."""
        for digest, name in ((self._block, "WARC-Block-Digest"), (self._payload, "WARC-Payload-Digest")):
            if digest is not None and digest.algorithm is None:
                yield "digest-form", f"{name} is in no known form: {self._first[name.lower()][:80]}"
        if self._of_block is not None and self._block and not self._block.is_of(self._of_block.digest()):
            yield "block-digest", "the block does not have the digest that its header says"
        if self._of_payload is not None and self._payload and not self._payload.is_of(self._of_payload.digest()):
            yield "payload-digest", "the payload does not have the digest that its header says"
        if self._message is not None:
            yield from self._message.problems(strict=strict)


class _Message:
    """The HTTP answer in a response block."""

    def __init__(self, payload: Digest | None, truncated: bool) -> None:
        self._payload = payload if payload is not None and payload.algorithm else None
        self._truncated = truncated
        self._reader: message.HeadReader | None = message.HeadReader(_MAX_HEAD_BYTES)
        self._head: message.Head | None = None
        self._unread: str | None = None
        self._held = bytearray()
        self._got = 0
        self._begin = b""
        self._of_body = hashlib.new(self._payload.algorithm) if self._payload and self._payload.algorithm else None
        self._of_message = None
        self._spool: BinaryIO | None = None

    def feed(self, piece: bytes | memoryview) -> None:
        if self._reader is None:
            self._body(piece)
            return
        self._held += piece
        try:
            self._reader.feed(bytes(piece))
        except message.BadMessage as error:
            self._unread = str(error)
            self._bodily(self._blank_line())
            return
        if self._reader.head is not None:
            self._head = self._reader.head
            self._bodily(self._reader.end)

    def close(self) -> None:
        if self._spool is not None:
            self._spool.close()

    @property
    def has_head(self) -> bool:
        return self._head is not None

    def problems(self, *, strict: bool) -> Iterator[Problem]:
        head, digest = self._head, self._of_body.digest() if self._of_body else None
        if head is None:
            if not strict:  # of ours the record of the capture itself says so
                yield "http-head", self._unread or "no complete head of an answer"
            if digest is not None and self._unread is not None and not self._agrees(digest):
                yield "payload-digest", "the payload does not have the digest that its header says"
            return
        entity = digest
        match head.framing:
            case "length":
                if self._got < head.length_bytes and not self._truncated:
                    yield (
                        "short-body",
                        (
                            f"{self._got:,} bytes of body where Content-Length says {head.length_bytes:,}, and no "
                            "WARC-Truncated"
                        ),
                    )
                elif self._got > head.length_bytes:
                    yield "excess", f"{self._got - head.length_bytes:,} bytes behind the end of the message"
            case "none":
                if self._got:
                    yield "excess", f"{self._got:,} bytes of body in an answer that has none ({head.status})"
            case "chunked":
                found, entity = self._chunked(entity)
                yield from found
        if digest is None or self._agrees(entity):
            return
        if not strict and self._agrees(digest):
            yield "framed-digest", "the payload digest is that of the framed bytes"
        else:
            yield "payload-digest", "the payload does not have the digest that its header says"

    def _agrees(self, digest: bytes | None) -> bool:
        return digest is None or self._payload is None or self._payload.is_of(digest)

    def _blank_line(self) -> int:
        match = _BLANK_LINE.search(self._held)
        return match.end() if match else len(self._held)

    def _bodily(self, start: int) -> None:
        """The head ends at ``start`` of what is held: from here on it is body."""
        held, self._held, self._reader = bytes(self._held), bytearray(), None
        if self._head is not None and self._head.framing == "chunked":
            self._spool = cast("BinaryIO", tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES))  # noqa: SIM115  # `_chunked` closes it
            self._spool.write(held[:start])
        self._body(memoryview(held)[start:])

    def _body(self, piece: bytes | memoryview) -> None:
        if len(self._begin) < 64:
            self._begin += bytes(piece[:64])
        if self._of_body is not None:
            head = self._head
            is_long = head is not None and head.framing == "length"
            self._of_body.update(piece[: max(head.length_bytes - self._got, 0)] if head and is_long else piece)
        self._got += len(piece)
        if self._spool is not None:
            self._spool.write(piece)

    def _chunked(self, digest: bytes | None) -> tuple[list[Problem], bytes | None]:
        """(what is wrong with the chunks, the digest of what is in them)."""
        spool = self._spool
        assert spool is not None
        with spool:
            size = spool.tell()
            layout = message.read_layout(spool, size, closed=True, max_head_bytes=_MAX_HEAD_BYTES)
            assert layout is not None
            found: list[Problem] = []
            if self._begin and not _CHUNK_LINE.match(self._begin):
                if not self._truncated:
                    found.append(("framing", "the head says chunked, and the body is not"))
                return found, digest
            if not layout.complete and not self._truncated:
                found.append(("short-body", "the chunked body has no end, and no WARC-Truncated"))
            if layout.body_end < size:
                found.append(("excess", f"{size - layout.body_end:,} bytes behind the end of the message"))
            if self._payload is None or self._payload.algorithm is None:
                return found, None
            of_entity = hashlib.new(self._payload.algorithm)
            for piece in message.entity(spool, layout):
                of_entity.update(piece)
            return found, of_entity.digest()
