"""Field values that must agree with each other: what constraints and generic relations ask for."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Model

from tests.project.catalog import models

Builder = Callable[[int, str], dict[str, Any]]

# Given by a builder for a field that the row leaves to its default.
LEAVE_OUT = object()

FIRST_DAY = date(2020, 1, 1)


def _booking(index: int, _using: str) -> dict[str, Any]:
    # Two rows share a room and a day; only the second is not cancelled.
    pair = index // 2
    return {
        "room": pair % 50,
        "day": FIRST_DAY + timedelta(days=pair // 50),
        "guest": f"Guést {index}",
        "cancelled": index % 2 == 0,
        "adults": index % 3,
        "children": 1,
    }


def _legacy_unique(index: int, _using: str) -> dict[str, Any]:
    # NULLs are distinct: such rows may repeat.
    return {"first": index // 4, "second": None if index % 4 < 2 else index % 4}


def _sprint(index: int, _using: str) -> dict[str, Any]:
    begins = FIRST_DAY + timedelta(days=index)
    return {"begins": begins, "ends": begins + timedelta(days=index % 20)}


def _computed(index: int, _using: str) -> dict[str, Any]:
    return {"width": (-1) ** index * (index % 40_000), "height": index % 40_000}


def _virtually_computed(index: int, _using: str) -> dict[str, Any]:
    return {"width": index - 5}


def _indexed(index: int, _using: str) -> dict[str, Any]:
    # The index doubles the number, in four bytes on PostgreSQL.
    return {"number": 10**9 - index, "active": index % 3 == 0}


def _composite_key(index: int, _using: str) -> dict[str, Any]:
    return {"tenant": f"tenant {index % 7}'", "number": index // 7}


def _composite_line(index: int, _using: str) -> dict[str, Any]:
    return {"position": index % 32_768}


def _question(index: int, _using: str) -> dict[str, Any]:
    return {"_order": index % 10}


def _book(index: int, _using: str) -> dict[str, Any]:
    return {"unchecked_id": 10**9 + index} if index % 3 == 0 else {}


def _attachment(index: int, using: str) -> dict[str, Any]:
    target: type[Model] = (models.Author, models.Book, models.UUIDKey)[index % 3]
    content_type = ContentType.objects.db_manager(using).get_for_model(target)
    keys = list(target._base_manager.using(using).order_by("pk").values_list("pk", flat=True)[:10])
    return {"content_type": content_type, "object_key": str(keys[index % len(keys)])}


def _database_default(index: int, _using: str) -> dict[str, Any]:
    # The moment's default is the clock, which no two databases share.
    left = dict.fromkeys(("text", "number", "truth", "ratio", "python_default"), LEAVE_OUT) if index % 2 else {}
    return {"moment": datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=index), **left}


def _log_entry(index: int, _using: str) -> dict[str, Any]:
    return {"action_flag": 1 + index % 3, "change_message": '[{"added": {}}]'}


BUILDERS: dict[str, Builder] = {
    "admin.logentry": _log_entry,
    "catalog.attachment": _attachment,
    "catalog.book": _book,
    "catalog.booking": _booking,
    "catalog.compositekey": _composite_key,
    "catalog.compositeline": _composite_line,
    "catalog.computed": _computed,
    "catalog.databasedefault": _database_default,
    "catalog.indexed": _indexed,
    "catalog.legacyunique": _legacy_unique,
    "catalog.question": _question,
    "catalog.sprint": _sprint,
    "catalog.virtuallycomputed": _virtually_computed,
}
