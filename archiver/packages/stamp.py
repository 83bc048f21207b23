"""Timestamps by an authority (RFC 3161), of ``datapackage-digest.json``: through it of the list, and of everything."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from archiver.errors import ConfigError, UsageError

QUERY_TYPE = "application/timestamp-query"
SUFFIX = ".tsr"


class BadStamp(Exception):
    """The answer is no timestamp of this, or not by anybody trusted; ``str()`` says why."""


def query(data: bytes) -> bytes:
    """The question to an authority about ``data``: its SHA-256, a nonce, and the wish for its certificate (DER)."""
    lib = _library()
    builder = lib.TimestampRequestBuilder().data(data).hash_algorithm(lib.HashAlgorithm.SHA256)
    asked: bytes = builder.nonce(nonce=True).cert_request(cert_request=True).build().as_bytes()
    return asked


def when(token: bytes, data: bytes, roots: bytes | None) -> tuple[datetime, bool]:
    """(when the authority says that ``data`` existed, whether that is proven by the ``roots``, PEM).

    Without roots only what the answer says is read, and nothing is proven. Raises ``BadStamp``, ``ConfigError``.
    """
    lib = _library()
    try:
        answer = lib.decode_timestamp_response(token)
        said = answer.tst_info
        at = said.gen_time
    except (ValueError, TypeError) as error:
        raise BadStamp(f"it is no timestamp that can be read ({error})") from error
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    if roots is None:
        if said.message_imprint.message != hashlib.sha256(data).digest():
            raise BadStamp("it is the timestamp of something else")
        return at, False
    try:
        certificates = lib.load_pem_x509_certificates(roots)
    except ValueError as error:
        raise ConfigError([f"pack.timestamp_roots holds no certificates in PEM ({error})"]) from error
    builder = lib.VerifierBuilder()
    for certificate in certificates:
        builder = builder.add_root_certificate(certificate)
    try:
        builder.build().verify_message(answer, data)
    except (lib.VerificationError, ValueError) as error:
        raise BadStamp(str(error)) from error
    return at, True


def _library() -> Any:
    try:
        from cryptography.x509 import load_pem_x509_certificates  # noqa: PLC0415  # an extra
        from rfc3161_client import (  # noqa: PLC0415
            HashAlgorithm,
            TimestampRequestBuilder,
            VerificationError,
            VerifierBuilder,
            decode_timestamp_response,
        )
    except ImportError as error:
        raise UsageError("timestamps need rfc3161-client", hint="pip install 'archiver[pack]'") from error
    return SimpleNamespace(
        HashAlgorithm=HashAlgorithm, TimestampRequestBuilder=TimestampRequestBuilder,
        VerificationError=VerificationError, VerifierBuilder=VerifierBuilder,
        decode_timestamp_response=decode_timestamp_response, load_pem_x509_certificates=load_pem_x509_certificates,
    )  # fmt: skip
