"""What the tests of the store share: an archive that is open for writing."""

import pytest

from tests.store.tapes import opened


@pytest.fixture
async def archive(tmp_path):
    archive = await opened(tmp_path / "archive")
    yield archive
    await archive.aclose()
