from __future__ import annotations

import inspect
import re

import pytest

from archiver import errors
from archiver.errors import ArchiverError, ConfigError, FetchError, UnreadableCapture

CLASSES = {
    name: found for name, found in vars(errors).items() if inspect.isclass(found) and issubclass(found, ArchiverError)
}


def drawn() -> dict[str, str]:
    """The rest of the line behind each name in the tree of the module's docstring."""
    lines = (errors.__doc__ or "").split("::")[1].split("A post that is gone")[0].splitlines()
    found = (re.match(r"[ │├└─]*(\w+)(.*)", line) for line in lines)
    return {line[1]: line[2] for line in found if line}


def test_the_tree_shows_every_error_and_nothing_else() -> None:
    """Whoever adds an error draws it."""
    assert set(drawn()) == set(CLASSES)


@pytest.mark.parametrize("name", CLASSES)
def test_an_errors_exit_code_is_the_one_drawn(name: str) -> None:
    """Where a line names none, the parent's holds."""
    said = re.search(r"exit (\d+)", drawn()[name])
    found = CLASSES[name]
    inherited = next((parent.exit_code for parent in found.__mro__[1:] if issubclass(parent, ArchiverError)), 1)
    assert found.exit_code == (int(said[1]) if said else inherited)


@pytest.mark.parametrize("name", [name for name, found in CLASSES.items() if issubclass(found, FetchError)])
def test_an_error_is_worth_another_try_where_the_tree_says_so(name: str) -> None:
    """Each has a word of its own, which records use, or that of what it is a kind of."""
    found = CLASSES[name]
    assert issubclass(found, FetchError)
    assert found.retry == ("retry" in drawn()[name])
    same = [other for other in CLASSES.values() if getattr(other, "word", None) == found.word]
    assert all(issubclass(found, other) or issubclass(other, found) for other in same)


def test_the_tree_is_drawn_as_it_is_built() -> None:
    """Deeper lines are children of the nearest line above that is less deep."""
    above: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").split("::")[1].splitlines():
        match = re.match(r"([ │├└─]*)(\w+) ", line)
        if not match or match[2] not in CLASSES:
            continue
        depth, name = len(match[1]), match[2]
        above = [(deep, other) for deep, other in above if deep < depth]
        if above:
            assert CLASSES[name].__bases__ == (CLASSES[above[-1][1]],)
        above.append((depth, name))


def test_errors_say_one_line_for_a_person() -> None:
    """The reason with what it is about, and what to do next."""
    assert str(FetchError("https://a.example/", "no such host")) == "no such host (https://a.example/)"
    assert (
        str(UnreadableCapture("tweet-result.user", "wanted dict, found list"))
        == "tweet-result.user: wanted dict, found list"
    )
    config = ConfigError(["one", "two"])
    assert (str(config), config.problems) == ("one; two", ("one", "two"))
    assert config.hint
    assert ArchiverError("odd", hint="do this").hint == "do this"
