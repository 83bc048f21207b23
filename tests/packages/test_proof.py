"""What a package proves, and every way in which it can be found out."""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import subprocess
import zipfile

import pytest

from archiver.packages import seal


def rewritten(package, path, change, *, listed=True):
    """A copy of ``package`` at ``path`` whose entries went through ``change(name, data)``; ``None`` leaves one out.
    ``listed``: the list agrees with it, as who can't sign would make it."""
    with zipfile.ZipFile(package) as old:
        entries = {name: change(name, old.read(name)) for name in old.namelist()}
    if listed:
        about = json.loads(entries["datapackage.json"])
        for one in about["resources"]:
            data = entries.get(one["path"]) or b""
            one.update(hash=f"sha256:{hashlib.sha256(data).hexdigest()}", bytes=len(data))
        entries["datapackage.json"] = json.dumps(about).encode()
    with zipfile.ZipFile(path, "w") as new:
        for name, data in entries.items():
            if data is not None:
                new.writestr(name, data, zipfile.ZIP_STORED)
    return path


def same(name, data):
    return data


def in_one(wanted, change):
    """A change of one entry."""
    return lambda name, data: change(data) if name.startswith(wanted) else data


def verified(newsroom, path):
    """(exit code, codes of what was found, what is said to be proven, what not)."""
    said = newsroom.archiver("verify", "--json", path)
    proof = next(row for row in said.rows if row["level"] == "proof")
    statements = proof["statements"]
    return (
        said.code,
        [row["code"] for row in said.rows if row["level"] in ("defect", "note")],
        [one["text"] for one in statements if one["proven"]],
        [one["text"] for one in statements if not one["proven"]],
    )


def test_a_package_of_ours_is_whole_and_signed(newsroom, package):
    """Whose key it is, since when it exists, and what servers really sent is not proven, and said."""
    code, found, proven, not_proven = verified(newsroom, package)
    assert (code, found) == (0, [])
    assert proven[0].startswith("It is whole")
    assert "signed" in proven[1]
    assert len(not_proven) == 3
    told = newsroom.archiver("verify", package)
    assert told.out.count("not proven") == 3
    assert "no defect" in told.out


def flipped(data):
    return data[:-20] + bytes([data[-20] ^ 1]) + data[-19:]


def forged(data):
    said = json.loads(data)
    said["signedData"]["signature"] = "A" * 128
    return json.dumps(said).encode()


def unsigned(data):
    return json.dumps({key: value for key, value in json.loads(data).items() if key != "signedData"}).encode()


def shifted(data):
    return gzip.compress(gzip.decompress(data).replace(b'"offset": "', b'"offset": "1'))


@pytest.mark.parametrize(
    ("entry", "change", "codes"),
    [
        ("archive/archiver", flipped, {"changed"}),
        ("indexes/index.cdx.gz", shifted, {"changed", "bad-index"}),
        ("records/posts", lambda data: data + b"{}\n", {"changed"}),
        ("records/posts", lambda data: None, {"missing"}),
        ("datapackage-digest", forged, {"bad-signature"}),
        ("datapackage.json", lambda data: data.replace(b'"title": "all"', b'"title": "All"'), {"list-changed"}),
        ("datapackage.json", lambda data: b"[", {"no-list", "unlisted"}),
        ("pages/", lambda data: None, {"missing", "no-pages"}),
    ],
)
def test_whatever_is_changed_is_found(newsroom, package, tmp_path, entry, change, codes):
    """By its digest, the digest of the list, or the signature."""
    path = rewritten(package, tmp_path / "x.wacz", in_one(entry, change), listed=False)
    code, found, _, not_proven = verified(newsroom, path)
    assert code == 65
    assert codes <= set(found)
    assert any("not whole" in one for one in not_proven)


def test_who_makes_the_list_anew_can_not_sign_it(newsroom, package, tmp_path):
    """The signature is that of another list."""
    path = rewritten(package, tmp_path / "x.wacz", in_one("records/posts", lambda data: data + b"{}\n"))
    assert verified(newsroom, path)[1] == ["list-changed"]


def test_without_a_signature_nobody_vouches(newsroom, package, tmp_path):
    """Which is no defect, and said."""
    path = rewritten(package, tmp_path / "x.wacz", in_one("datapackage-digest", unsigned), listed=False)
    code, found, proven, not_proven = verified(newsroom, path)
    assert (code, found, len(proven)) == (0, [], 1)
    assert any("Nobody signed it" in one for one in not_proven)


@pytest.mark.parametrize("name", ["../evil", "/etc/passwd", "archive/../../evil", "a\\..\\evil"])
def test_a_name_that_leads_elsewhere(newsroom, package, tmp_path, name):
    """Is a defect, and nothing is written anywhere."""
    path = tmp_path / "inner" / "x.wacz"
    path.parent.mkdir()
    shutil.copy(package, path)
    with zipfile.ZipFile(path, "a") as held:
        held.writestr(zipfile.ZipInfo(name), b"x")
    assert "bad-name" in verified(newsroom, path)[1]
    assert [one.name for one in tmp_path.iterdir()] == ["inner"]


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"nothing", b"PK\x05\x06" + b"\0" * 18])
def test_what_is_no_package(newsroom, tmp_path, data):
    """A defect, never a bug."""
    path = tmp_path / "x.wacz"
    path.write_bytes(data)
    assert verified(newsroom, path)[0] == 65


def test_a_bomb_costs_no_more_than_it_says(newsroom, package, tmp_path):
    """An index that unpacks to gigabytes is given up."""
    bomb = gzip.compress(b"\n" * 50_000_000, 9)
    path = rewritten(package, tmp_path / "x.wacz", in_one("indexes/index.cdx.gz", lambda data: bomb), listed=False)
    assert verified(newsroom, path)[0] == 65


def test_signatures_are_those_of_the_format(tmp_path):
    """P-384, raw r and s, checked by openssl; another key, list or length does not hold."""
    pem = seal.new_key()
    said = seal.signed(pem, "sha256:00", created="2026-01-01T00:00:00Z", software="x")
    assert seal.check(said, "sha256:00").startswith("SHA256:")
    for field, value in [
        ("hash", "sha256:01"),
        ("signature", said["signature"][:-4]),
        ("publicKey", "AAAA"),
        ("publicKey", 1),
    ]:
        with pytest.raises(seal.BadSeal):
            seal.check({**said, field: value}, "sha256:00")
    other = seal.signed(seal.new_key(), "sha256:00", created="", software="")
    with pytest.raises(seal.BadSeal):
        seal.check({**said, "publicKey": other["publicKey"]}, "sha256:00")


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """A timestamp authority on loopback."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    from tests.loopback.authority import Authority

    authority = Authority(tmp_path_factory.mktemp("authority"))
    yield authority
    authority.close()


@pytest.fixture
def stamping(newsroom, authority):
    """The newsroom, configured to ask the authority; as it was, afterwards."""
    before = newsroom.config.read_text()
    newsroom.config.write_text(
        f'{before}\n[pack]\ntimestamp_url = "{authority.url}"\ntimestamp_roots = "{authority.roots}"\n'
    )
    yield newsroom
    authority.status, authority.answer = 200, b""
    newsroom.config.write_text(before)


def test_a_timestamp_tells_since_when(stamping, authority, tmp_path):
    """Its authority is believed when it is configured; openssl agrees."""
    path = tmp_path / "x.wacz"
    said = stamping.archiver("pack", "--all", "-o", path, "--json").rows[0]
    assert said["stamped_at"]
    code, found, proven, _ = verified(stamping, path)
    assert (code, found) == (0, [])
    assert any("existed at" in one for one in proven)
    (tmp_path / "digest").write_bytes(zipped(path, "datapackage-digest.json"))
    checked = subprocess.run(
        ["openssl", "ts", "-verify", "-in", f"{path}.tsr", "-data", tmp_path / "digest", "-CAfile", authority.roots],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "OK" in checked.stdout + checked.stderr


def zipped(path, name):
    with zipfile.ZipFile(path) as held:
        return held.read(name)


def test_a_whole_package_is_nothing_to_repair(newsroom, package, tmp_path):
    """A damaged one is: the WARCs in it are salvaged."""
    path = tmp_path / "x.wacz"
    shutil.copy(package, path)
    said = newsroom.archiver("repair", path)
    assert (said.code, said.out) == (0, f"{path}: nothing to repair\n")
    assert [one.name for one in tmp_path.iterdir()] == ["x.wacz"]
    path.write_bytes(path.read_bytes()[:-1000])
    (row,) = newsroom.archiver("repair", path, "--json").rows
    assert row["records"] > 10


def test_a_timestamp_of_something_else(stamping, package, tmp_path):
    """Is a defect, whoever gave it."""
    path = tmp_path / "x.wacz"
    stamping.archiver("pack", "--all", "-o", path)
    shutil.copy(package, tmp_path / "y.wacz")
    shutil.copy(f"{path}.tsr", tmp_path / "y.wacz.tsr")
    assert verified(stamping, tmp_path / "y.wacz")[1] == ["bad-timestamp"]
    (tmp_path / "x.wacz.tsr").write_bytes(b"no timestamp")
    assert verified(stamping, path)[1] == ["bad-timestamp"]


def test_without_roots_a_timestamp_is_only_a_word(stamping, newsroom, tmp_path):
    """Told, and not proven."""
    path = tmp_path / "x.wacz"
    stamping.archiver("pack", "--all", "-o", path)
    config = newsroom.config.read_text()
    newsroom.config.write_text(config.partition("[pack]")[0])
    code, _, proven, not_proven = verified(newsroom, path)
    newsroom.config.write_text(config)
    assert code == 0
    assert not any("existed" in one for one in proven)
    assert any("A timestamp says" in one for one in not_proven)


@pytest.mark.parametrize(("status", "answer"), [(500, b""), (200, b"garbage"), (200, b"x" * 200_000)])
def test_an_authority_that_fails_costs_only_the_timestamp(stamping, authority, tmp_path, status, answer):
    """The package is there, and the command says what is missing."""
    authority.status, authority.answer = status, answer
    said = stamping.archiver("pack", "--all", "-o", tmp_path / "x.wacz")
    assert (said.code, "authority" in said.err) == (1, True)
    assert [one.name for one in tmp_path.iterdir()] == ["x.wacz"]


def public(home, tmp_path):
    """The newsroom's public key, as PEM."""
    from cryptography.hazmat.primitives import serialization

    key = serialization.load_pem_private_key((home / "archiver" / "signing-key.pem").read_bytes(), None)
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    path = tmp_path / "public.pem"
    path.write_bytes(key.public_key().public_bytes(serialization.Encoding.PEM, form))
    return path


def test_by_whom_it_is_signed_can_be_asked(newsroom, package, tmp_path, home):
    """By fingerprint, in any case, by public key, by the private one: it is the same, and said to be asked for."""
    fingerprint = newsroom.archiver("verify", "--json", package).rows[-2]["key"]
    names = (fingerprint, fingerprint.upper(), public(home, tmp_path), home / "archiver" / "signing-key.pem")
    for name in names:
        said = newsroom.archiver("verify", package, "--key", name)
        assert said.code == 0, said.out + said.err
        assert f"with the key asked for, {fingerprint}" in said.out
        assert "how you came by it" in said.out


def test_a_package_of_somebody_else_is_found_out(newsroom, package, tmp_path):
    """It is whole and signed, and not by the key asked for; nor is one that nobody signed, or a damaged one."""
    other = f"SHA256:{'0' * 64}"
    bare = rewritten(package, tmp_path / "bare.wacz", in_one("datapackage-digest", unsigned), listed=False)
    damaged = rewritten(package, tmp_path / "damaged.wacz", in_one("records/", flipped), listed=False)
    mine = newsroom.archiver("verify", "--json", package).rows[-2]["key"]
    for path, key, word in ((package, other, "another key"), (bare, other, "nobody"), (damaged, mine, "not whole")):
        said = newsroom.archiver("verify", path, "--key", key)
        assert said.code == 65
        (line,) = [one for one in said.out.splitlines() if one.startswith("defect other-key")]
        assert word in line
    told = newsroom.archiver("verify", package, "--key", other)
    assert "proven     all.wacz: It is whole" in told.out


@pytest.mark.parametrize("key", ["SHA256:1234", "sha256:", "no-such-file.pem"])
def test_a_key_that_is_none(newsroom, package, key):
    """Is said, and nothing is checked against it."""
    assert newsroom.archiver("verify", package, "--key", key).code in (2, 66)


def test_a_key_is_for_packages_alone(newsroom):
    """The archive itself is signed by nobody."""
    assert newsroom.archiver("verify", "--key", f"SHA256:{'0' * 64}").code == 2
