"""The signature of a package (WACZ Signing and Verification 0.1.0, the anonymous form).

ECDSA over P-384 with SHA-256, over the text ``sha256:<hex>`` of the package's list; the signature as r and s of 48
bytes each, the key as SubjectPublicKeyInfo, both in base64. Other curves, and other keys beside these, ReplayWeb.page
does not take. It says that whoever has the key made this list: not who that is, and nothing of when.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from archiver.errors import ConfigError, UsageError

_HALF = 48
_FINGERPRINT = re.compile(r"sha256:([0-9a-f]{64})", re.IGNORECASE)
FIELDS = ("hash", "created", "software", "version", "signature", "publicKey")


class BadSeal(Exception):
    """The signature does not hold, or is of no form that we know; ``str()`` says why."""


def ready() -> None:
    """Raises ``UsageError`` without the extra that signs."""
    _library()


def new_key() -> bytes:
    """A new private key, as PEM (PKCS #8). Raises ``UsageError`` without the extra."""
    lib = _library()
    encoding, form = lib.serialization.Encoding.PEM, lib.serialization.PrivateFormat.PKCS8
    pem: bytes = lib.ec.generate_private_key(lib.ec.SECP384R1()).private_bytes(
        encoding, form, lib.serialization.NoEncryption()
    )
    return pem


def signed(pem: bytes, digest: str, *, created: str, software: str) -> dict[str, str]:
    """``signedData`` for a list of this ``digest`` (``sha256:<hex>``). The same input gives the same signature (RFC
    6979) where OpenSSL can. Raises ``ConfigError`` for a key of another kind."""
    lib = _library()
    key = _private(pem)
    try:
        how = lib.ec.ECDSA(lib.hashes.SHA256(), deterministic_signing=True)
        der = key.sign(digest.encode(), how)
    except lib.UnsupportedAlgorithm:
        der = key.sign(digest.encode(), lib.ec.ECDSA(lib.hashes.SHA256()))
    r, s = lib.utils.decode_dss_signature(der)
    return {
        "hash": digest,
        "created": created,
        "software": software,
        "version": "0.1.0",
        "signature": base64.b64encode(r.to_bytes(_HALF) + s.to_bytes(_HALF)).decode(),
        "publicKey": base64.b64encode(_public(key)).decode(),
    }


def signer(pem: bytes) -> str:
    """The fingerprint of the private key ``pem``. Raises ``ConfigError`` for one that can't sign."""
    return fingerprint(_public(_private(pem)))


def _private(pem: bytes) -> Any:
    lib = _library()
    try:
        key = lib.serialization.load_pem_private_key(pem, None)
    except (ValueError, TypeError, lib.UnsupportedAlgorithm) as error:
        raise ConfigError([f"pack.key holds no private key that can be read: {error}"]) from error
    if not isinstance(key, lib.ec.EllipticCurvePrivateKey) or key.curve.name != "secp384r1":
        raise ConfigError(
            ["pack.key must hold a private key of the curve P-384 (openssl ecparam -name secp384r1 -genkey)"]
        )
    return key


def _public(private: Any) -> bytes:
    form = _library().serialization
    der: bytes = private.public_key().public_bytes(form.Encoding.DER, form.PublicFormat.SubjectPublicKeyInfo)
    return der


def check(said: Mapping[str, Any], digest: str) -> str:
    """The fingerprint of the key whose signature over ``digest`` is in ``said``. Raises ``BadSeal``, ``UsageError``."""
    lib = _library()
    if said.get("hash") != digest:
        raise BadSeal("it is the signature of another list")
    if "domainCert" in said:
        raise BadSeal("it is signed for a domain, which `wacz validate --verify-auth` can check, and we can't")
    try:
        raw = base64.b64decode(_text(said, "signature"), validate=True)
        der = base64.b64decode(_text(said, "publicKey"), validate=True)
        key = lib.serialization.load_der_public_key(der)
    except (ValueError, binascii.Error, lib.UnsupportedAlgorithm) as error:
        raise BadSeal(f"signature or key can't be read ({error})") from error
    if not isinstance(key, lib.ec.EllipticCurvePublicKey) or key.curve.name != "secp384r1" or len(raw) != 2 * _HALF:
        raise BadSeal("it is not an ECDSA signature over P-384")
    r, s = int.from_bytes(raw[:_HALF]), int.from_bytes(raw[_HALF:])
    try:
        key.verify(lib.utils.encode_dss_signature(r, s), digest.encode(), lib.ec.ECDSA(lib.hashes.SHA256()))
    except (lib.InvalidSignature, ValueError) as error:
        raise BadSeal("the signature does not belong to this list and key") from error
    return fingerprint(der)


def fingerprint(public_der: bytes) -> str:
    """``SHA256:<hex>`` of a public key, to be compared with what its owner publishes."""
    return f"SHA256:{hashlib.sha256(public_der).hexdigest()}"


def named(said: bytes) -> str:
    """The fingerprint of the key that ``said`` is: a fingerprint itself, a key in PEM (public, or private and then its
    public half), or the ``publicKey`` of a package's ``signedData``. Raises ``UsageError``."""
    text = said.decode("utf-8", "replace").strip()
    if match := _FINGERPRINT.fullmatch(text):
        return f"SHA256:{match[1].lower()}"
    lib = _library()
    form = lib.serialization.PublicFormat.SubjectPublicKeyInfo
    try:
        if "PRIVATE KEY" in text:
            public = lib.serialization.load_pem_private_key(said, None).public_key()
        elif "PUBLIC KEY" in text:
            public = lib.serialization.load_pem_public_key(said)
        else:
            public = lib.serialization.load_der_public_key(base64.b64decode(text, validate=True))
        return fingerprint(public.public_bytes(lib.serialization.Encoding.DER, form))
    except (ValueError, TypeError, binascii.Error, lib.UnsupportedAlgorithm) as error:
        hint = "give a fingerprint (SHA256:…, as `archiver pack` prints it) or a file with a public key in PEM"
        raise UsageError(f"no key: {text[:80]!r}", hint=hint) from error


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    if not isinstance(value, str):
        raise BadSeal(f"it has no {name}")
    return value


def _library() -> Any:
    try:
        from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm  # noqa: PLC0415  # an extra
        from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric import ec, utils  # noqa: PLC0415
    except ImportError as error:
        raise UsageError("signatures need cryptography", hint="pip install 'archiver[pack]'") from error
    return SimpleNamespace(
        InvalidSignature=InvalidSignature, UnsupportedAlgorithm=UnsupportedAlgorithm, hashes=hashes,
        serialization=serialization, ec=ec, utils=utils,
    )  # fmt: skip
