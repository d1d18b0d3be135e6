"""Reads `HOLDFAST["PRE_MIGRATE"]`: whether `migrate` makes a backup first, and how long it is kept."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from holdfast.readers import Refused, refuse_unknown, whole, wrong_type
from holdfast.retention import Retention

NamedPolicy = Literal["smart", "always", "schema", "never"]
OnFailure = Literal["abort", "warn"]

KEYS = ("POLICY", "ON_FAILURE", "RETENTION", "UPLOAD")
RULES = ("last", "days")

_DOTTED_PATH = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)+")


def _kept() -> Retention:
    return Retention(last=10, daily=0, weekly=0, monthly=0, days=30, recent=False)


@dataclass(frozen=True)
class PreMigrate:
    """What the project says about backups before migrations."""

    # One of `NamedPolicy`, or the dotted path of a callable.
    policy: str = "smart"
    on_failure: OnFailure = "abort"
    retention: Retention = field(default_factory=_kept)
    # Stores that get a copy before anything is migrated.
    upload: tuple[str, ...] = ()


def read_pre_migrate(value: object, from_environment: str | None) -> PreMigrate:
    """Read a policy alone, or a dictionary; the environment's policy counts where the settings name none."""
    given = value if isinstance(value, Mapping) else {"POLICY": value}
    refuse_unknown("HOLDFAST['PRE_MIGRATE']", given, KEYS)
    policy = given.get("POLICY")
    if policy is None:
        policy = (from_environment or "").strip() or "smart"
        source = "The environment has BACKUP_PRE_MIGRATE"
    else:
        source = "HOLDFAST['PRE_MIGRATE'] is"
    return PreMigrate(
        policy=_policy(policy, source),
        on_failure=_on_failure(given.get("ON_FAILURE", "abort")),
        retention=_retention(given.get("RETENTION")),
        upload=_upload(given.get("UPLOAD", ())),
    )


def _policy(value: object, source: str) -> str:
    if not isinstance(value, str):
        raise wrong_type("PRE_MIGRATE", value, "a policy such as \"smart\", or a dictionary with 'POLICY'")
    # Only its shape: a policy that cannot be imported must not stop a restore. `checks.py` imports it.
    if value not in get_args(NamedPolicy) and not _DOTTED_PATH.fullmatch(value):
        code = "E004" if source.startswith("HOLDFAST") else "E005"
        wanted = f"{', '.join(get_args(NamedPolicy))}, or the dotted path of a callable"
        raise Refused(code, f"{source} {value!r}, which is no policy.", f"Known are: {wanted}.")
    return value


def _on_failure(value: object) -> OnFailure:
    if value == "abort":
        return "abort"
    if value == "warn":
        return "warn"
    raise Refused("E004", f"HOLDFAST['PRE_MIGRATE']['ON_FAILURE'] is {value!r}.", 'Write "abort" or "warn".')


def _retention(value: object) -> Retention:
    if value is None:
        return _kept()
    if not isinstance(value, Mapping):
        raise wrong_type("PRE_MIGRATE", value, "a dictionary whose 'RETENTION' is one too, such as {\"last\": 10}")
    refuse_unknown("HOLDFAST['PRE_MIGRATE']['RETENTION']", value, RULES)
    wanted = "a dictionary whose 'RETENTION' has whole numbers"
    counts = {rule: whole("PRE_MIGRATE", value[rule], wanted, least=0) for rule in value}
    retention = _kept().overridden(counts)
    if retention.is_empty:
        hint = 'Give "last" or "days" a number above 0; to make no backups, set the policy to "never".'
        raise Refused("E004", "HOLDFAST['PRE_MIGRATE']['RETENTION'] keeps nothing.", hint)
    return retention


def _upload(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
        raise wrong_type("PRE_MIGRATE", value, "a dictionary whose 'UPLOAD' is a list of stores, such as [\"offsite\"]")
    return tuple(value)
