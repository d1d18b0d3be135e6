"""Values that break careless backups: for each sort of field a pool of nasty ones, then seeded random ones."""

import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

Pool = list[Any]
Maker = Callable[[Random], Any]

TEXTS = [
    "",
    "plain",
    " leading and trailing ",
    "\\",
    "\\.",
    "\\N",
    "\\\\N",
    "NULL",
    "tab\there",
    "line\nfeed",
    "carriage\rreturn",
    "both\r\n",
    "\n",
    "\\.\nCOPY x FROM stdin;\n\\.\n",
    'it\'s "quoted" `here` $$there$$ $1 %s %% {}',
    "'); DROP TABLE catalog_author; --",
    "\b\f\v\x01\x1b\x7f\x80\x85\u2028\u2029",
    "\ufeffbyte order mark",
    "\ufffd\uffff\ue000\U0010ffff",
    "e\u0301 \u00e9 \u1e69 \u0073\u0323\u0307 a\u0300\u0316\u0321\u035c",
    "😀 👩‍👩‍👧‍👦 🏴󠁧󠁢󠁥󠁮󠁧󠁿 𝒳 𠜎",
    "שלום \u202eright to left\u202c مرحبا",
    "İıŞß ſ ﬁ ǅ",
    "{}",
    "[1, 2]",
    '{"a": null}',
    "a,b;c|d",
    "-1",
    "0x00",
    "1e400",
    "'",
    '"',
]

DOCUMENTS: list[Any] = [
    {},
    [],
    "",
    0,
    False,
    "null",
    "text \\ \" ' \n \t \r \u2028 😀 é",
    {"": "", "a\\b": [None, True, 1.5, "\\N"], 'key with "quotes"': {"nested": []}},
    {"big": 2**63, "huge": 10**30, "small": -1.5e-300, "negative zero": -0.0, "exact": 0.1},
    [[[[[[[[[[{"deep": [{"deeper": {}}]}]]]]]]]]]],
]

NAN, INFINITY = float("nan"), float("inf")
FLOATS = [0.0, -0.0, 1.5, 0.1, 1 / 3, -1e-300, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 1e15, 1e16]

DATES = [date(1, 1, 1), date(9999, 12, 31), date(1970, 1, 1), date(1582, 10, 15), date(2024, 2, 29), date(1899, 12, 31)]
TIMES = [time(0), time(23, 59, 59, 999999), time(12, 34, 56), time(0, 0, 0, 1), time(1, 2, 3, 400000)]
MOMENTS = [
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(2025, 10, 26, 1, 30, tzinfo=UTC),
    datetime(2000, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
]
# SQLite keeps a duration as microseconds in eight bytes.
DURATIONS = [
    timedelta(0),
    timedelta(microseconds=1),
    timedelta(microseconds=-1),
    timedelta(days=106751991),
    timedelta(days=-106751991),
    timedelta(days=1, hours=-1),
    timedelta(hours=25, seconds=1, microseconds=500000),
]

ADDRESSES = ["0.0.0.0", "255.255.255.255", "::1", "::", "2001:db8::ff00:42:8329", "::ffff:192.0.2.1", "10.0.0.1"]  # noqa: S104
UUIDS = [uuid.UUID(int=0), uuid.UUID(int=2**128 - 1), uuid.UUID("12345678-1234-5678-1234-567812345678")]
OCTETS = [b"", b"\x00", bytes(range(256)), b"\\x00", b"\\", b"'", b"\n\\.\n", b"\x1f\x8b\x08", b"\xff" * 20]


def random_text(random: Random) -> str:
    """Make up a line of words, now and then with letters beyond ASCII."""
    letters = "abcdefghijklmnopqrstuvwxyz" if random.random() < 0.8 else "äöüßçñ漢字😀\\\t\n'\""
    return " ".join("".join(random.choices(letters, k=random.randint(1, 10))) for _ in range(random.randint(1, 12)))


def random_moment(random: Random) -> datetime:
    """Choose a moment between 1990 and about 2050, to the microsecond."""
    return datetime(1990, 1, 1, tzinfo=UTC) + timedelta(microseconds=random.randrange(60 * 365 * 86_400_000_000))


def random_document(random: Random) -> Any:
    """Make up a small document."""
    return {"name": random_text(random), "values": [random.randint(-9, 9), random.random(), None], "on": True}


def deep_document(depth: int) -> Any:
    """Nest lists and objects in turn."""
    document: Any = None
    for level in range(depth):
        document = [document] if level % 2 else {"level": document}
    return document


def _texts(field: Any, _connection: BaseDatabaseWrapper) -> tuple[Pool, Maker]:
    limit = field.max_length
    pool = [text[:limit] for text in TEXTS]
    if limit:
        pool.append("😀" * limit)
    return pool, lambda random: random_text(random)[:limit]


def _integers(field: Any, connection: BaseDatabaseWrapper) -> tuple[Pool, Maker]:
    least, most = connection.ops.integer_field_range(field.get_internal_type())
    # SQLite names no limits for integers that PostgreSQL limits to eight bytes.
    least, most = -(2**63) if least is None else least, 2**63 - 1 if most is None else most
    return [least, most, 0, 1, most - 1], lambda random: random.randint(max(least, -(10**6)), min(most, 10**6))


def _floats(field: Any, connection: BaseDatabaseWrapper) -> tuple[Pool, Maker]:
    pool = [*FLOATS, INFINITY, -INFINITY]
    # SQLite turns NaN into NULL.
    if connection.vendor == "postgresql" or field.null:
        pool.append(NAN)
    return pool, lambda random: random.uniform(-1e6, 1e6)


def _decimals(field: Any, _connection: BaseDatabaseWrapper) -> tuple[Pool, Maker]:
    step = Decimal(1).scaleb(-field.decimal_places)
    most = Decimal(10) ** (field.max_digits - field.decimal_places) - 1
    return (
        [Decimal(0), most, -most, step, -step, Decimal("0.1").quantize(step)],
        lambda random: Decimal(random.randint(-(10**9), 10**9)).scaleb(-min(4, field.decimal_places)),
    )


def _octets(field: Any, _connection: BaseDatabaseWrapper) -> tuple[Pool, Maker]:
    return [data[: field.max_length] for data in OCTETS], lambda random: random.randbytes(random.randint(0, 20))


def _fixed(pool: Pool, make: Maker) -> Callable[[Any, BaseDatabaseWrapper], tuple[Pool, Maker]]:
    return lambda _field, _connection: (pool, make)


SOURCES: dict[type[Any], Callable[[Any, BaseDatabaseWrapper], tuple[Pool, Maker]]] = {
    models.CharField: _texts,
    models.TextField: _texts,
    models.FileField: _texts,
    models.FilePathField: _texts,
    models.IntegerField: _integers,
    models.FloatField: _floats,
    models.DecimalField: _decimals,
    models.BinaryField: _octets,
    models.BooleanField: _fixed([True, False], lambda random: random.random() < 0.5),
    models.DateField: _fixed(DATES, lambda random: random_moment(random).date()),
    models.TimeField: _fixed(TIMES, lambda random: random_moment(random).time()),
    models.DateTimeField: _fixed(MOMENTS, random_moment),
    models.DurationField: _fixed(DURATIONS, lambda random: timedelta(microseconds=random.randint(-(10**15), 10**15))),
    models.GenericIPAddressField: _fixed(
        ADDRESSES, lambda random: f"10.{random.randrange(256)}.0.{random.randrange(256)}"
    ),
    models.UUIDField: _fixed(UUIDS, lambda random: uuid.UUID(int=random.getrandbits(128))),
    models.JSONField: _fixed(DOCUMENTS, random_document),
}


class Values:
    """The values of one column, row by row."""

    def __init__(self, field: Any, connection: BaseDatabaseWrapper, random: Random) -> None:
        """Find the pool of the field's class or its nearest base."""
        for base in type(field).__mro__:
            if base in SOURCES:
                self._pool, self._make = SOURCES[base](field, connection)
                break
        else:
            message = f"no values for {field!r}: add its class to SOURCES"
            raise NotImplementedError(message)
        if field.null:
            self._pool = [None, *self._pool]
        self._field, self._random = field, random

    def __len__(self) -> int:
        """Count the nasty values."""
        return len(self._pool)

    def at(self, index: int) -> Any:
        """Return the value of a row: the pool first, then a mixture of the pool and chance."""
        if self._field.unique:
            return self._unique(index)
        if index < len(self._pool):
            return self._pool[index]
        return self._random.choice(self._pool) if self._random.random() < 0.2 else self._make(self._random)

    def _unique(self, index: int) -> Any:
        if isinstance(self._field, models.UUIDField):
            return UUIDS[index] if index < len(UUIDS) else self._make(self._random)
        if isinstance(self._field, models.IntegerField):
            return index + 1
        limit = (self._field.max_length or 1000) - 20
        # A number at the end keeps texts apart under every collation; the empty text is there once.
        return f"{self._pool[index % len(self._pool)] or ''}"[:limit] + (f" {index}" if index else "")
