from __future__ import annotations

import os
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver import config
from archiver.errors import ConfigError

TOP = Path(__file__).parents[1]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def load(file: Path, text: str) -> config.Config:
    """The configuration that ``text`` is, in ``file``."""
    file.write_text(text, "utf-8")
    return config.load(file)


def problems(file: Path, text: str) -> list[str]:
    """Every problem of ``text``, without the name of the file that each begins with."""
    with pytest.raises(ConfigError) as caught:
        load(file, text)
    assert all(problem.startswith(f"{file}: ") for problem in caught.value.problems)
    return [problem.removeprefix(f"{file}: ") for problem in caught.value.problems]


def test_the_file_at_the_top_of_the_project_says_the_built_in_defaults() -> None:
    """config.toml is the commented default: the same keys, the same values."""
    written = config.load(TOP / "config.toml")
    assert replace(written, path=None) == _built_in()


def _built_in() -> config.Config:
    folder = Path.cwd()
    os.chdir(TOP)
    try:
        return config.load(None)
    finally:
        os.chdir(folder)


def test_the_file_at_the_top_of_the_project_names_every_key() -> None:
    """Each key stands there once, in its section, in the order of the table."""
    data = tomllib.loads((TOP / "config.toml").read_text("utf-8"))
    assert {section: list(keys) for section, keys in data.items()} == {
        name: list(keys) for name, keys in config.KEYS.items()
    }


def test_every_problem_is_reported_at_once(file: Path) -> None:
    """A wrong section, a wrong key, three wrong values and a missing file: six sentences, one run."""
    text = """
        [archiv]
        [archive]
        dirr = "x"
        max_warc_bytes = "a lot"
        [network]
        tries = 0
        ca_bundle = "nowhere.pem"
        [x]
        media = "some"
    """
    assert problems(file, text) == [
        "unknown section [archiv], did you mean archive?",
        "unknown key archive.dirr, did you mean dir?",
        "archive.max_warc_bytes wants a size such as \"20 MB\" (B, KB, MB, GB, KiB, MiB, GiB), not 'a lot'",
        "network.tries wants a whole number from 1 to 20, not 0",
        "x.media wants one of all, images, none, not 'some'",
        f"network.ca_bundle names no readable file: {file.parent / 'nowhere.pem'}",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[network]\nuseragent = 'x'", "unknown key network.useragent, did you mean user_agent?"),
        ("[network]\nmax_hop = 3", "unknown key network.max_hop, did you mean max_hops?"),
        ("[archive]\nmedia = 'all'", "unknown key archive.media, did you mean x.media?"),
        ("user_agent = 'x'", "unknown key user_agent, outside of any section, did you mean network.user_agent?"),
        ("useragent = 'x'", "unknown key useragent, outside of any section, did you mean network.user_agent?"),
        (
            "colour = 'red'",
            (
                "unknown key colour, outside of any section"
                " (sections: archive, network, politeness, nightly, x, archives, pack, sources)"
            ),
        ),
        ("[qqq]", "unknown section [qqq] (known: archive, network, politeness, nightly, x, archives, pack, sources)"),
        ("[[source]]\nfeed = 'https://x.example/'", "unknown section [[source]], did you mean [[sources]]?"),
        ("[source]\nfeed = 'https://x.example/'", "unknown section [source], did you mean [[sources]]?"),
        ("[politeness]\nzzzz = 1", "unknown key politeness.zzzz (known: requests_per_second, hosts, robots)"),
        ("archive = 'warcs'", "archive must be a section: [archive]"),
        ("[[archive]]\ndir = 'warcs'", "archive must be a section: [archive]"),
    ],
)
def test_a_key_that_is_not_known_is_answered_with_the_nearest_one(file: Path, text: str, problem: str) -> None:
    """A slip of the pen is never silently ignored."""
    assert problems(file, text) == [problem]


@pytest.mark.parametrize(
    ("section", "line", "says"),
    [
        ("archive", "dir = 7", "archive.dir wants a text in quotes, not 7"),
        ("archive", "dir = false", "archive.dir wants a text in quotes, not false"),
        ("archive", 'dir = ""', "archive.dir must name a folder"),
        ("archive", 'dir = "~nobody-of-this-name/x"', "archive.dir starts with a home folder that does not exist"),
        ("archive", 'operator = "a\\nb"', "archive.operator holds a control character"),
        ("archive", "max_warc_bytes = 0", "archive.max_warc_bytes wants a size"),
        ("archive", "max_warc_bytes = true", "archive.max_warc_bytes wants a size"),
        ("archive", 'max_warc_bytes = "-1 MB"', "archive.max_warc_bytes wants a size"),
        ("archive", f'max_warc_bytes = "{"9" * 400}"', "archive.max_warc_bytes wants a size"),
        ("archive", 'max_warc_bytes = "1 TB"', "archive.max_warc_bytes wants a size"),
        ("network", 'user_agent = "Köln/1"', "network.user_agent is sent as a header: ASCII only"),
        ("network", 'contact = "a@b.example "', "network.contact is sent as a header: ASCII only, no blanks around it"),
        ("network", "tries = 1.5", "network.tries wants a whole number"),
        ("network", "tries = true", "network.tries wants a whole number"),
        ("network", "connect_timeout_s = 0", "network.connect_timeout_s wants a number of at least 0.01, not 0"),
        ("network", "connect_timeout_s = nan", "network.connect_timeout_s wants a number of at least 0.01, not nan"),
        ("network", "connect_timeout_s = inf", "network.connect_timeout_s wants a number of at least 0.01, not inf"),
        ("network", 'connect_timeout_s = "10"', "network.connect_timeout_s wants a number of at least 0.01, not '10'"),
        ("network", "allowed_ports = []", "network.allowed_ports wants a list of port numbers"),
        ("network", "allowed_ports = [0]", "network.allowed_ports wants a whole number from 1 to 65535, not 0"),
        ("network", "connect_to = 'x'", "network.connect_to wants a table"),
        (
            "network",
            'connect_to = { "t.co" = "127.0.0.1:1" }',
            'network.connect_to wants "host:port" on both sides, not "t',
        ),
        ("network", 'connect_to = { "t.co:443" = "127.0.0.1" }', 'network.connect_to wants "host:port" on both sides'),
        ("network", 'connect_to = { "t.co:443" = 8443 }', "network.connect_to wants a text in quotes, not 8443"),
        ("network", 'connect_to = { "t.co:99999" = "127.0.0.1:1" }', 'network.connect_to wants "host:port"'),
        (
            "network",
            'connect_to = { "10.0.0.1:443" = "127.0.0.1:1" }',
            'network.connect_to maps names, and "10.0.0.1" is',
        ),
        ("network", 'connect_to = { "[::1]:443" = "127.0.0.1:1" }', 'network.connect_to maps names, and "::1" is an'),
        ("politeness", "requests_per_second = -1", "politeness.requests_per_second wants a number of at least 0"),
        ("politeness", "hosts = 2", "politeness.hosts wants a table"),
        (
            "politeness",
            'hosts = { "t.co" = "fast" }',
            "politeness.hosts \"t.co\" wants a number of at least 0, not 'fast'",
        ),
        ("x", "sources = 'oembed'", "x.sources wants a list without repetitions, of tweet-result, oembed"),
        ("x", "sources = ['oembed', 'oembed']", "x.sources wants a list without repetitions"),
        ("x", "sources = ['graphql']", "x.sources wants one of tweet-result, oembed, api, fxtwitter, not 'graphql'"),
        (
            "x",
            "sources = ['tweet-results']",
            "x.sources wants one of tweet-result, oembed, api, fxtwitter, not 'tweet-results', did you mean tweet-res",
        ),
        ("x", 'bearer_file = "nofile"', "x.bearer_file names no readable file: "),
        ("nightly", "posts_days = [true]", "nightly.posts_days wants a number of at least 0, not true"),
        ("nightly", "posts_days = [7, 1]", "nightly.posts_days wants its days ascending, each once, not [7, 1]"),
        ("x", 'oembed_url = "http://publish.twitter.com/oembed"', "x.oembed_url wants an https:// address"),
        ("x", 'oembed_url = "https://user@publish.twitter.com/"', "x.oembed_url wants an https:// address"),
        ("x", "avatar = 1", "x.avatar wants true or false, not 1"),
    ],
)
def test_a_value_of_the_wrong_kind_is_explained(file: Path, section: str, line: str, says: str) -> None:
    """One sentence: the key, what it wants, what stands there."""
    (problem,) = problems(file, f"[{section}]\n{line}")
    assert problem.startswith(says)


@pytest.mark.parametrize(
    ("section", "line", "says"),
    [
        ("network", 'allowed_ports = [80, "443", 99999]', ["'443'", "99999"]),
        ("x", "sources = ['oembd', 'graphql']", ["'oembd', did you mean oembed?", "'graphql'"]),
        ("nightly", "posts_days = [0, 'a']", ["days that are more than 0", "not 'a'"]),
        ("nightly", "news_command = [1, 'mail', 2]", ["not 1", "not 2"]),
        ("politeness", 'hosts = { "t.co" = -1, "x.com" = "b" }', ["not -1", "not 'b'"]),
        ("network", 'connect_to = { "a" = "b:1", "c:1" = 2 }', ['not "a"', "not 2"]),
    ],
)
def test_every_mistake_in_a_list_is_told(file: Path, section: str, line: str, says: list[str]) -> None:
    """Not only the first."""
    found = problems(file, f"[{section}]\n{line}")
    assert [problem.endswith(said) for problem, said in zip(found, says, strict=True)] == [True] * len(says)


@pytest.mark.parametrize(
    ("written", "size_bytes"),
    [
        ("1", 1),
        ('"1"', 1),
        ('"1 B"', 1),
        ('"20 MB"', 20_000_000),
        ('"20MB"', 20_000_000),
        ('"20 mb"', 20_000_000),
        ('"1.5 KiB"', 1536),
        ('"1 GiB"', 2**30),
        ('"1 MiB"', 2**20),
        ('"256 KB"', 256_000),
        ("1000000", 1_000_000),
    ],
)
def test_a_size_is_bytes_or_a_number_with_a_unit(file: Path, written: str, size_bytes: int) -> None:
    """Decimal units count in thousands, the ones with an i in 1,024."""
    assert load(file, f"[archive]\nmax_warc_bytes = {written}").archive.max_warc_bytes == size_bytes


def test_connect_to_maps_names_with_ports(file: Path) -> None:
    """Names in any case, wildcards, and targets that may be IPv6."""
    to = '"T.co:443" = "127.0.0.1:8443", "*.twimg.com:443" = "[::1]:8443", "*:80" = "localhost:8080"'
    assert load(file, f"[network]\nconnect_to = {{ {to} }}").network.connect_to == {
        ("t.co", 443): ("127.0.0.1", 8443),
        ("*.twimg.com", 443): ("::1", 8443),
        ("*", 80): ("localhost", 8080),
    }


def test_paths_are_relative_to_the_file(file: Path) -> None:
    """A cron job's working directory does not matter."""
    (file.parent / "ca.pem").touch()
    found = load(file, '[archive]\ndir = "kept"\n[network]\nca_bundle = "ca.pem"')
    assert (found.archive.dir, found.network.ca_bundle) == (file.parent / "kept", file.parent / "ca.pem")
    assert found.path == file
    assert load(file, '[archive]\ndir = "~/kept"').archive.dir == Path("~/kept").expanduser()
    assert load(file, '[archive]\ndir = "/srv/kept"').archive.dir == Path("/srv/kept")


def test_a_section_may_be_left_out(file: Path) -> None:
    """What is not said has its default."""
    assert load(file, "[x]\nmedia = 'none'").network == config.load(None).network


def test_a_byte_order_mark_is_no_mistake(file: Path) -> None:
    """Windows editors write one."""
    file.write_bytes(b"\xef\xbb\xbf[x]\navatar = false\n")
    assert config.load(file).x.avatar is False


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"[x\n", "not valid TOML"),
        (b"[x]\nmedia = 'all'\nmedia = 'all'", "not valid TOML"),
        (b"\xff\xfe[\x00x\x00", "not valid TOML"),
    ],
)
def test_a_file_that_is_no_toml_says_where(file: Path, content: bytes, says: str) -> None:
    """The parser's own words, with the name of the file."""
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=says) as caught:
        config.load(file)
    assert caught.value.problems[0].startswith(f"{file}: ")


def test_a_missing_file_and_a_folder_are_told_apart(file: Path) -> None:
    """Both are exit code 78."""
    with pytest.raises(ConfigError, match="no such file") as caught:
        config.load(file)
    assert caught.value.exit_code == 78
    with pytest.raises(ConfigError, match="not a regular file"):
        config.load(file.parent)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_a_problem_of_configuration(file: Path) -> None:
    """Not a bug of ours."""
    file.touch(0o000)
    with pytest.raises(ConfigError, match="Permission denied"):
        config.load(file)


@pytest.mark.parametrize(
    ("given_", "environment", "there", "wanted"),
    [
        ("a.toml", {"ARCHIVER_CONFIG": "b.toml"}, True, "a.toml"),
        (None, {"ARCHIVER_CONFIG": "b.toml"}, True, "b.toml"),
        (None, {"ARCHIVER_CONFIG": ""}, True, "config.toml"),
        (None, {}, False, None),
    ],
)
def test_the_file_is_named_or_found_in_the_working_directory(
    tmp_path: Path, given_: str | None, environment: dict[str, str], there: bool, wanted: str | None
) -> None:
    """--config, then ARCHIVER_CONFIG, then ./config.toml, then the defaults."""
    if there:
        (tmp_path / "config.toml").touch()
    found = config.locate(given_, environment=environment, folder=tmp_path)
    assert (found.name if found else None) == wanted


TOML_VALUES = st.sampled_from(
    [
        "1",
        "-1",
        "1.5",
        "true",
        '""',
        '"x"',
        "[]",
        "[1]",
        '["x"]',
        "{}",
        '{ a = "b" }',
        "nan",
        "2021-06-28",
        "0x7fffffffffffffff",
        '"1 MB"',
    ]
)


@given(st.sampled_from([(section, key) for section, keys in config.KEYS.items() for key in keys]), TOML_VALUES)
def test_any_value_is_taken_or_explained(place: tuple[str, str], value: str) -> None:
    """No other error ever comes of a configuration file."""
    section, key = place
    data = tomllib.loads(f"[{section}]\n{key} = {value}")
    problems: tuple[str, ...] = (f"{section}.{key}",)
    try:
        config.build(data, None)
    except ConfigError as error:
        problems = error.problems
    assert any(f"{section}.{key}" in problem for problem in problems)
