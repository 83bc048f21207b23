"""What Save Page Now's answers mean (``protocols`` 6.5)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.archives import spn
from tests.answers import answer, in_json
from tests.shared import needs_shared, shared_json

SAVE, REPLAY = "https://web.archive.org/save", "https://web.archive.org/web"
JOB = "spn2-0123456789abcdef0123456789abcdef01234567"
PAGE = "https://twitter.com/jack/status/20"


def test_a_question_is_never_the_one_before():
    """Each look has a slot of its own, so that the archive does not give back an older answer; the keys stay out."""
    at = datetime(2026, 8, 1, 12, tzinfo=UTC)
    asked = spn.status_request(SAVE, PAGE, JOB, "key:secret", at)
    assert (asked.url, asked.form) == (f"{SAVE}/status/{JOB}", ())
    assert asked.slot != spn.status_request(SAVE, PAGE, JOB, "key:secret", at.replace(second=1)).slot
    assert "secret" not in asked.url + asked.slot


@needs_shared
def test_the_documented_shapes_are_read():
    """Accepted, again within the hour, pending, done, refused."""
    shapes = shared_json("fixtures/archives/shapes.json")["spn2"]
    assert spn.read_submission(in_json(shapes["submit"]["answer"])) == spn.Standing(state="pending", job=JOB)
    assert spn.read_status(in_json(shapes["status_pending"]), JOB, REPLAY) == spn.Standing(state="pending", job=JOB)
    saved = spn.read_status(in_json(shapes["status_success"]), JOB, REPLAY)
    assert saved.memento
    assert saved.memento.url == f"{REPLAY}/20260101000000id_/{PAGE}"
    refused = spn.read_status(in_json(shapes["status_error"]), JOB, REPLAY)
    assert (refused.state, "error:too-many-daily-captures" in str(refused.error)) == ("refused", True)


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ({"status": "error", "message": "Too often.", "status_ext": "error:x"}, "Too often (error:x)"),
        ({"status_ext": "error:x"}, "error:x"),
        ({"message": "No."}, "No."),
        ({"job_id": "../../evil?x="}, "Save Page Now answered 200, and nothing that can be read"),
        ({"job_id": 7}, "Save Page Now answered 200, and nothing that can be read"),
        ([], "Save Page Now answered 200, and nothing that can be read"),
    ],
)
def test_a_submission_without_a_job_is_refused(value, error):
    """In the service's words, as far as there are any; a job becomes part of an address, so it must look like one."""
    assert spn.read_submission(in_json(value)) == spn.Standing(state="refused", error=error)


def test_trouble_of_the_service_leaves_a_job_pending():
    """It may be asked for again."""
    for exchange in (answer(500, body="<html>"), answer(200, body="<html>"), in_json({"status": "success"})):
        found = spn.read_status(exchange, JOB, REPLAY)
        assert (found.state, found.memento, bool(found.error)) == ("pending", None, True)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["status", "job_id", "timestamp", "original_url", "message", "status_ext"]), inner
            )
        ),
    )
)
def test_any_json_is_read_without_a_crash(value):
    """Whatever it says; a memento has a real instant."""
    found = spn.read_status(in_json(value), JOB, REPLAY)
    assert (found.memento is not None) == (found.state == "saved")
    assert spn.read_submission(in_json(value)).state in ("pending", "refused")
