"""What a person sees while a backup is made: how far it is, to the end, and what it waits for."""

from __future__ import annotations

from typing import Any

import pytest

import holdfast
from tests.deployment import Deployment


def stages(deployment: Deployment, **options: Any) -> dict[str, tuple[int, int]]:
    """Give each stage of a backup with what was expected and what was told in the end, in bytes."""
    found: dict[str, tuple[int, int]] = {}
    now = ""

    def listen(event: dict[str, Any]) -> None:
        nonlocal now
        if event["event"] == "stage":
            now = event["name"]
            found[now] = (event["total_bytes"], 0)
        elif event["event"] == "progress" and now:
            expected, before = found[now]
            assert event["bytes"] >= before
            found[now] = (expected, event["bytes"])

    with deployment.in_process():
        holdfast.backup("default", on_event=listen, **options)  # type: ignore[arg-type]
    return found


def test_reading_reaches_its_end(single: Deployment) -> None:
    if single.server is not None:
        # What takes more room in a table than in a backup, and the other way round; and rows that are long gone.
        single.execute("""
            CREATE TABLE narrow AS SELECT n::smallint AS n FROM generate_series(1, 30000) n;
            CREATE TABLE wide AS SELECT repeat('long ', 3000) AS t FROM generate_series(1, 2000);
            CREATE TABLE bloated AS SELECT n FROM generate_series(1, 30000) n; DELETE FROM bloated WHERE n > 10""")
    found = stages(single, jobs=2)
    expected, told = found["reading"]
    assert expected == told > 0
    assert list(found)[-1] == "writing the rest"


def test_what_goes_to_a_store_is_said_to(stored: Deployment) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in stored.variables.items():
            patch.setenv(name, value)
        found = stages(stored, upload=["offsite"])
    assert "reading" not in found
    expected, told = found["reading and uploading"]
    assert expected == told > 0
    assert list(found)[-1] == "uploading the rest"
