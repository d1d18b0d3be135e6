"""Values and builders for the models of the PostgreSQL apps; the `fill` of the project brings them in."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from django.contrib.postgres import fields
from django.contrib.postgres.search import SearchVectorField
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.postgresql.psycopg_any import DateRange, DateTimeTZRange, NumericRange

from tests.project.builders import BUILDERS
from tests.project.values import DATES, MOMENTS, SOURCES, TEXTS, Maker, Pool, Values, random_moment, random_text

PAIRS = [
    {},
    {"": ""},
    {"key": None},
    {"NULL": "NULL", "null": None},
    {'quo"ted': 'back\\slash, "comma" => arrow', "😀": "e\u0301", "line\n": "\t"},
]
ROOMS = 5
START = datetime(2026, 1, 1, tzinfo=UTC)


def _arrays(field: Any, connection: BaseDatabaseWrapper) -> tuple[Pool, Maker]:
    values = Values(field.base_field, connection, Random(0))
    whole = [values.at(index) for index in range(len(values))]
    if isinstance(field.base_field, fields.ArrayField):
        # All rows of a matrix have one length.
        pool: Pool = [[], [[1, 2, 3], [None, 0, -1]], [[1], [2]]]
        return pool, lambda random: [[random.randint(-9, 9) for _ in range(3)] for _ in range(random.randint(1, 4))]
    return [[], whole, whole[:1], whole[::-1]], lambda random: random.choices(whole, k=random.randint(0, 5))


def _number_ranges(field: Any, _connection: BaseDatabaseWrapper) -> tuple[Pool, Maker]:
    most = {"int4range": 2**31 - 1, "int8range": 2**63 - 1}.get(field.db_type(None), Decimal("1e30"))
    pool = [
        NumericRange(1, 10),
        NumericRange(None, None),
        NumericRange(-most, None),
        NumericRange(None, most),
        NumericRange(1, 1),
        NumericRange(1, 5, "[]"),
        NumericRange(1, 5, "()"),
        NumericRange(empty=True),
    ]
    return pool, lambda random: NumericRange(low := random.randint(-1000, 1000), low + random.randint(0, 1000))


def _moment_range(random: Random) -> DateTimeTZRange:
    low = random_moment(random)
    return DateTimeTZRange(low, low + timedelta(seconds=random.randint(1, 10**6)), "[]")


def _date_range(random: Random) -> DateRange:
    low = random_moment(random).date()
    return DateRange(low, low + timedelta(days=random.randint(0, 100)))


MOMENT_RANGES = [
    DateTimeTZRange(MOMENTS[0], MOMENTS[1], "[]"),
    DateTimeTZRange(None, None),
    DateTimeTZRange(empty=True),
    DateTimeTZRange(MOMENTS[2], None, "(]"),
]
DATE_RANGES = [
    DateRange(DATES[0], date(9999, 12, 30), "[]"),
    DateRange(None, None),
    DateRange(empty=True),
    DateRange(None, DATES[2]),
]

SOURCES.update(
    {
        fields.ArrayField: _arrays,
        fields.IntegerRangeField: _number_ranges,
        fields.BigIntegerRangeField: _number_ranges,
        fields.DecimalRangeField: _number_ranges,
        fields.DateTimeRangeField: lambda _field, _connection: (MOMENT_RANGES, _moment_range),
        fields.DateRangeField: lambda _field, _connection: (DATE_RANGES, _date_range),
        fields.HStoreField: lambda _field, _connection: (
            PAIRS,
            lambda random: {random_text(random): random_text(random)},
        ),
        SearchVectorField: lambda _field, _connection: (
            ["", "'a':1A 'b':2,3B", "'it''s':1 '\\\\':2", "'no' 'positions'"],
            lambda random: f"'word{random.randrange(1000)}':{random.randint(1, 16383)}",
        ),
    }
)


def _slot(index: int, _using: str) -> dict[str, Any]:
    return {
        "position": -index,
        "owner": None if index % 2 else index,
        "label": f"{TEXTS[index % len(TEXTS)]}{index}",
        "span": NumericRange(index * 10, index * 10 + 5),
    }


def _reservation(index: int, _using: str) -> dict[str, Any]:
    begins = START + timedelta(days=index // 10)
    return {
        "room": index % ROOMS,
        "span": DateTimeTZRange(begins, begins + timedelta(hours=23)),
        "cancelled": index % 10 >= ROOMS,
    }


BUILDERS.update({"project_postgres.slot": _slot, "project_postgres_contrib.reservation": _reservation})
