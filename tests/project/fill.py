"""Deterministic rows for every model of the project; a fresh, migrated database is expected."""

from collections.abc import Iterator
from itertools import islice, pairwise
from pathlib import Path
from random import Random
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connections, models, router, transaction

from tests.project import values
from tests.project.builders import BUILDERS, LEAVE_OUT
from tests.project.catalog.models import Document, Octets, SmallAutoKey, TextFields

BATCH = 500
# Foreign keys choose among so many rows, so that memory stays bounded.
MOST_TARGETS = 1000
# Their rows are inserted one by one.
MOST_INHERITED = 50
# Made by Django itself after `migrate`.
MADE_BY_DJANGO: set[type[models.Model]] = {ContentType, Permission}

Model = type[models.Model]


def fill(using: str = "default", rows: int = 100, seed: int = 20260101) -> None:
    """Insert `rows` rows into the table of every model that lives in the database, in one transaction.

    The same seed gives the same rows: two databases filled alike have equal `snapshot.state`. Fewer rows go where keys
    are small (`SmallAutoKey`) or rows are inserted one by one (inheriting models).
    """
    connection = connections[using]
    if connection.vendor == "postgresql":
        # Registers values for the fields of django.contrib.postgres.
        from tests.project.postgres import values as _values  # noqa: F401
    with transaction.atomic(using=using):
        filled: list[Model] = []
        late: list[tuple[Model, Any]] = []
        for model in _in_order_of_references(_models(using)):
            late += [(model, field) for field in _references(model) if _target(field) not in filled and field.null]
            _fill_model(model, using, rows, seed)
            filled.append(model)
        for model, field in late:
            _point_forward(model, field, using)
        _large_values(using, filled)
        _outside_models(using, rows, filled)


def _models(using: str) -> list[Model]:
    connection = connections[using]
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if not model._meta.proxy
        and model not in MADE_BY_DJANGO
        and model._meta.app_label != "holdfast"
        and router.allow_migrate_model(using, model)
        and (not model._meta.managed or model._meta.can_migrate(connection))
    ]


def _references(model: Model) -> list[Any]:
    return [field for field in model._meta.local_concrete_fields if field.remote_field]


def _target(field: Any) -> Model:
    target: Model = field.remote_field.model._meta.concrete_model
    return target


def _in_order_of_references(waiting: list[Model]) -> Iterator[Model]:
    """Yield each model after those it cannot do without."""
    while waiting:
        for model in waiting:
            if not any(not field.null and _target(field) in waiting for field in _references(model)):
                break
        else:
            message = f"a cycle of references without NULL: {waiting}"
            raise ValueError(message)
        waiting = [other for other in waiting if other is not model]
        yield model


def _fill_model(model: Model, using: str, rows: int, seed: int) -> None:
    manager = model._base_manager.using(using)
    if model._meta.auto_created:
        made = _links(model, using, rows)
    elif model._meta.parents:
        for instance in islice(_instances(model, using, seed), min(rows, MOST_INHERITED)):
            instance.save(using=using, force_insert=True)
        return
    else:
        made = islice(_instances(model, using, seed), min(rows, 1000) if model is SmallAutoKey else rows)
    while batch := list(islice(made, BATCH)):
        manager.bulk_create(batch)


def _instances(model: Model, using: str, seed: int) -> Iterator[models.Model]:
    """Make instances of a model until nobody asks for more or a one-to-one relation has no targets left."""
    label = model._meta.label_lower
    sources: dict[str, values.Values] = {}
    targets: dict[str, tuple[Any, list[Any]]] = {}
    for field in model._meta.concrete_fields:
        # A link to a parent is set by saving the parent.
        if getattr(field.remote_field, "parent_link", False) or field.generated:
            continue
        if field.remote_field:
            targets[field.attname] = (field, _keys(field, using))
        elif not isinstance(field, models.AutoField | models.SmallAutoField | models.BigAutoField):
            sources[field.attname] = values.Values(field, connections[using], Random(f"{seed} {label} {field.name}"))
    builder = BUILDERS.get(label)
    random = Random(f"{seed} {label}")
    index = 0
    while True:
        given: dict[str, Any] = {name: source.at(index) for name, source in sources.items()}
        for name, (field, keys) in targets.items():
            if field.unique and index >= len(keys) and not field.null:
                return
            given[name] = _reference(field, keys, index, random)
        given.update(builder(index, using) if builder else {})
        yield model(**{name: value for name, value in given.items() if value is not LEAVE_OUT})
        index += 1


def _keys(field: Any, using: str) -> list[Any]:
    rows = _target(field)._base_manager.using(using)
    name = field.target_field.attname
    return list(rows.order_by(name).values_list(name, flat=True)[:MOST_TARGETS])


def _reference(field: Any, keys: list[Any], index: int, random: Random) -> Any:
    if field.unique:
        return keys[-1 - index] if index < len(keys) else None
    if field.null and (not keys or index % 5 == 0):
        return None
    return random.choice(keys)


def _links(model: Model, using: str, rows: int) -> Iterator[models.Model]:
    """Make distinct rows of the table of a many-to-many field, in both directions where it is symmetrical."""
    owner: Any = model._meta.auto_created
    relation = next(field for field in owner._meta.local_many_to_many if field.remote_field.through is model)
    near, far = relation.m2m_field_name(), relation.m2m_reverse_field_name()
    near_keys = _keys(model._meta.get_field(near), using)
    far_keys = _keys(model._meta.get_field(far), using)
    if relation.remote_field.symmetrical:
        pairs = [pair for one, two in pairwise(near_keys) for pair in ((one, two), (two, one))]
    else:
        # Each round pairs every near row with the far row one further on.
        count = min(rows, len(near_keys) * len(far_keys))
        pairs = [
            (near_keys[index % len(near_keys)], far_keys[(index + index // len(near_keys)) % len(far_keys)])
            for index in range(count)
        ]
    return (model(**{f"{near}_id": one, f"{far}_id": two}) for one, two in dict.fromkeys(pairs))


def _point_forward(model: Model, field: Any, using: str) -> None:
    """Let some rows point to rows inserted after them, and one to itself where it can."""
    rows = model._base_manager.using(using)
    keys = list(rows.order_by("pk").values_list("pk", flat=True)[:20])
    targets = _keys(field, using)[:20]
    for key, target in zip(keys[::2], [*targets[1::2], *targets[:1]], strict=False):
        rows.filter(pk=key).update(**{field.attname: target})


def _large_values(using: str, filled: list[Model]) -> None:
    """Store what is too large for every row, and the JSON null, for which Python has no word of its own."""
    if TextFields not in filled:
        return
    text = "".join(values.TEXTS) * 3000
    TextFields.objects.using(using).filter(pk=1).update(text=text, text_or_null=text[::-1])
    Octets.objects.using(using).filter(pk=1).update(data=bytes(range(256)) * 8192)
    Document.objects.using(using).filter(pk=1).update(body=values.deep_document(200))
    with connections[using].cursor() as cursor:
        cursor.execute("UPDATE catalog_document SET body = 'null', body_or_null = 'null' WHERE id = 2")


def _outside_models(using: str, rows: int, filled: list[Model]) -> None:
    """Fill the tables that no model names."""
    connection = connections[using]
    with connection.cursor() as cursor:
        # The clock's reading, the one thing in which two databases migrated alike differ.
        cursor.execute("UPDATE django_migrations SET applied = '2026-01-01 00:00:00'")
        if TextFields not in filled:
            return
        odd_rows = [(None, None), *((text, number) for number, text in enumerate(values.TEXTS))]
        cursor.executemany('INSERT INTO "100%% sure" ("50%%", "%%s") VALUES (%s, %s)', odd_rows)
        if connection.vendor == "postgresql":
            script = Path(__file__).with_name("postgres") / "fill.sql"
            cursor.execute(script.read_text(encoding="utf-8").replace("{rows}", str(rows)))
        else:
            kinds = [(None,), (1,), (1.0,), ("1",), (b"1",), ("",), (b"",), (2**63 - 1,), (values.INFINITY,), (-0.0,)]
            cursor.executemany("INSERT INTO any_type VALUES (%s)", kinds)
            cursor.execute("INSERT INTO any_type VALUES (CAST(x'ff00fe' AS text))")
            cursor.executemany("INSERT INTO no_rowid VALUES (%s, %s)", [(text, len(text)) for text in values.TEXTS])
