"""The miniature Save Page Now answers every row of ``protocols.md`` 6.5, in the documented shapes."""

from __future__ import annotations

import json

import pytest

from tests.loopback.saving import saves
from tests.loopback.server import Asked
from tests.shared import needs_shared, shared_json

KEYS = {"authorization": "LOW key:secret"}


def asked(path, *, body=b"", **headers):
    method = "POST" if body else "GET"
    return Asked(
        raw=b"\r\n\r\n" + body, method=method, target=path, host="web.archive.org",
        headers={**KEYS, **headers}, scheme="https",
    )  # fmt: skip


def said(answer):
    return json.loads(answer.body)


def submitted(service):
    return said(service(asked("/save", body=b"url=https%3A%2F%2Fx.example%2F")))


def looks(service, job, number=2):
    """What the job is said to be, look after look."""
    return [said(service(asked(f"/save/status/{job}"))) for _ in range(number)]


@needs_shared
def test_a_page_that_is_saved():
    """Accepted; the same job within the hour; pending, then done: with the documented keys."""
    shapes, service = shared_json("fixtures/archives/shapes.json")["spn2"], saves()
    first, again = submitted(service), submitted(service)
    assert set(first) == set(shapes["submit"]["answer"])
    assert set(again) == set(shapes["same_within_hour"])
    assert first["job_id"] == again["job_id"]
    assert len(first["job_id"]) == len(shapes["submit"]["answer"]["job_id"])
    pending, done = looks(service, first["job_id"])
    assert set(pending) == set(shapes["status_pending"])
    assert set(done) == set(shapes["status_success"])


@needs_shared
@pytest.mark.parametrize(
    ("saving", "extension"),
    [("no access", "error:no-access"), ("not found", "error:not-found"), ("blocked url", "error:blocked-url")],
)
def test_a_job_that_fails_says_so_with_200(saving, extension):
    """Not before it was pending; in the documented shape."""
    service = saves(saving)
    pending, failed = looks(service, submitted(service)["job_id"])
    assert (pending["status"], failed["status"], failed["status_ext"]) == ("pending", "error", extension)
    assert set(failed) == set(shared_json("fixtures/archives/shapes.json")["spn2"]["status_error"])


def test_too_many_captures_of_a_page_is_said_at_once():
    """With 200 and without a job."""
    refused = submitted(saves("too many"))
    assert (refused["status"], refused["status_ext"]) == ("error", "error:too-many-daily-captures")
    assert "job_id" not in refused


def test_a_job_may_never_end():
    """It stays pending."""
    service = saves("endless")
    assert {look["status"] for look in looks(service, submitted(service)["job_id"], 5)} == {"pending"}


def test_an_unknown_job_is_an_error():
    """Jobs are forgotten after about an hour."""
    assert said(saves()(asked("/save/status/spn2-0")))["status_ext"] == "error:job-not-found"


def test_an_account_is_told_how_much_it_may_do():
    """How many captures it may begin, and how many are under way."""
    service = saves()
    submitted(service)
    assert said(service(asked("/save/status/user"))) == {"available": 6, "processing": 1}


@pytest.mark.parametrize(("saving", "status"), [("429", 429), ("503", 503), ("not json", 200)])
def test_the_service_itself_may_be_in_trouble(saving, status):
    """Too many requests, out of order, or a page for people."""
    assert saves(saving)(asked("/save", body=b"url=x")).status == status


@pytest.mark.parametrize("authorization", ["", "LOW key", "Bearer key:secret"])
def test_nobody_saves_without_keys(authorization):
    """401."""
    assert saves()(asked("/save", body=b"url=x", authorization=authorization)).status == 401


def test_a_submission_names_a_page():
    """400 for a question, and for a form without it."""
    assert saves()(asked("/save")).status == 400
    assert saves()(asked("/save", body=b"a=b")).status == 400
