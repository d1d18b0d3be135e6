"""The stores beside the folder of this machine, as `HOLDFAST["STORES"]` or the environment names them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from holdfast.exceptions import UsageError
from holdfast.readers import Refused, unknown, whole, wrong_type
from holdfast.retention import Retention, read_retention

LOCAL = "local"
ALL = "all"

# S3's own limits: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
_SMALLEST_PART = 5 * 1024 * 1024
_LARGEST_PART = 5 * 1024 * 1024 * 1024
_MOST_PARTS_AT_ONCE = 64

_Reader = Callable[[str, object], Any]


@dataclass(frozen=True)
class Store:
    """A bucket, or a part of one. Credentials are none of its business: the AWS SDK finds them by itself."""

    name: str
    # In the shape of `S3Plan` in src/plan.rs.
    options: Mapping[str, Any]
    # What differs from HOLDFAST["RETENTION"].
    rules: Mapping[str, Any]

    def plan(self, directory: Path) -> dict[str, Any]:
        """Give what the core needs to reach it; listings are remembered beside the local backups."""
        cache = directory / f".{self.name}.listing"
        return {"kind": "s3", "name": self.name, **self.options, "listing_cache": str(cache)}

    def retention(self, general: Retention) -> Retention:
        """Give the rules for what lives there."""
        return general.overridden(self.rules)


def named(stores: tuple[Store, ...], name: str) -> Store:
    """Give the store that is called so."""
    for store in stores:
        if store.name == name:
            return store
    known = ", ".join(store.name for store in stores)
    hint = f"Known are: {LOCAL}, {known}." if known else 'Add it to HOLDFAST["STORES"].'
    raise UsageError(f"there is no store {name!r}", hint)


def read_stores(value: object) -> tuple[Store, ...]:
    """Read `HOLDFAST["STORES"]`."""
    if value is None:
        return ()
    if not isinstance(value, Mapping):
        raise wrong_type("STORES", value, 'a dictionary, such as {"offsite": {"BUCKET": "my-backups"}}')
    return tuple(_store(name, options) for name, options in value.items())


def _store(name: object, options: object) -> Store:
    if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9-]{0,30}", name) or name in (LOCAL, ALL):
        raise Refused(
            "E004",
            f"HOLDFAST['STORES'] has a store named {name!r}.",
            f"Use lower-case letters, digits and hyphens; {LOCAL!r} and {ALL!r} mean something else.",
        )
    where = f"HOLDFAST['STORES'][{name!r}]"
    if not isinstance(options, Mapping):
        raise wrong_type(where, options, 'a dictionary, such as {"BUCKET": "my-backups"}')
    for key in options:
        if key not in _KEYS:
            raise _no_key(f"{where}[{key!r}]", key)
    if not options.get("BUCKET"):
        raise Refused("E004", f"{where} names no bucket.", 'Give it a "BUCKET".')
    plan: dict[str, Any] = {}
    for key, (field, reader) in _KEYS.items():
        if options.get(key) is not None and field:
            plan[field] = reader(f"{where}[{key!r}]", options[key])
    rules = read_retention(f"{where}['RETENTION']", options.get("RETENTION"))
    return Store(name, {**plan, **_encryption(where, options)}, rules)


def _no_key(what: str, key: object) -> Refused:
    if re.search(r"SECRET|ACCESS_?KEY|TOKEN|PASSWORD|CREDENTIAL", str(key).upper()):
        return Refused(
            "E002",
            f"{what} looks like a credential, and credentials do not belong in settings.",
            "The AWS SDK finds them in the environment, a profile, or the machine's role; a PROFILE may be named.",
        )
    return unknown(what, key, _KEYS)


def _encryption(where: str, options: Mapping[str, object]) -> dict[str, Any]:
    kind, key = options.get("ENCRYPTION"), options.get("KMS_KEY")
    if kind is None and key is None:
        return {}
    if kind == "AES256" and key is None:
        return {"encryption": {"kind": "aes256"}}
    if kind in (None, "aws:kms"):
        return {"encryption": {"kind": "kms", "key": key}}
    raise Refused(
        "E004",
        f"{where} asks for encryption {kind!r}" + (" with a KMS_KEY." if key else "."),
        'ENCRYPTION is "AES256", or "aws:kms" with or without a KMS_KEY.',
    )


def _text(key: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise wrong_type(key, value, "a text that is not empty")
    return value.strip()


def _prefix(key: str, value: object) -> str:
    if not isinstance(value, str):
        raise wrong_type(key, value, "a text")
    return value.strip("/")


def _choice(*choices: str) -> _Reader:
    def read(key: str, value: object) -> str:
        if value not in choices:
            raise Refused("E004", f"{key} is {value!r}.", f"Choose among: {', '.join(choices)}.")
        return str(value)

    return read


def _number(least: int, most: int | None = None) -> _Reader:
    def read(key: str, value: object) -> int:
        number = whole(key, value, "a whole number", least)
        if most is not None and number > most:
            raise Refused("E004", f"{key} holds {number}.", f"Nothing above {most} makes sense.")
        return number

    return read


def _seconds(key: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise wrong_type(key, value, "a number of seconds above 0")
    return float(value)


def _tags(key: str, value: object) -> dict[str, str]:
    if not isinstance(value, Mapping) or not all(isinstance(part, str) for item in value.items() for part in item):
        raise wrong_type(key, value, 'a dictionary of texts, such as {"team": "shop"}')
    return dict(value)


# Each setting, its name in the plan, and its reader; those without a name are read elsewhere.
_KEYS: dict[str, tuple[str | None, _Reader]] = {
    "BUCKET": ("bucket", _text),
    "PREFIX": ("prefix", _prefix),
    "REGION": ("region", _text),
    "ENDPOINT": ("endpoint", _text),
    "ADDRESSING": ("addressing", _choice("auto", "path", "virtual")),
    "PROFILE": ("profile", _text),
    "STORAGE_CLASS": ("storage_class", _text),
    "ENCRYPTION": (None, _text),
    "KMS_KEY": (None, _text),
    "PART_SIZE": ("part_size", _number(_SMALLEST_PART, _LARGEST_PART)),
    "CONCURRENCY": ("concurrency", _number(1, _MOST_PARTS_AT_ONCE)),
    "BANDWIDTH_LIMIT": ("bandwidth_limit", _number(1)),
    "TIMEOUT": ("timeout_seconds", _seconds),
    "CHECKSUMS": ("checksums", _choice("auto", "crc32", "md5")),
    "TAGS": ("tags", _tags),
    "RETENTION": (None, _text),
}
