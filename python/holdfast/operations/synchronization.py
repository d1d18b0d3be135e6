"""Brings backups from one store to another."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypedDict, Unpack

from holdfast import _core, clock, conf, places
from holdfast.conf import Configuration
from holdfast.exceptions import HoldfastError, Interrupted, StoreError, UsageError
from holdfast.folder import prepare
from holdfast.history import recorded
from holdfast.inventory import Backup
from holdfast.operations.choice import locate, search
from holdfast.operations.session import own_errors
from holdfast.progress import OnEvent, silent
from holdfast.reports import Missing, SyncReport, SyncStep
from holdfast.stores import ALL, LOCAL


class SyncFilter(TypedDict, total=False):
    """Which backups are meant; what is left out limits nothing."""

    aliases: Sequence[str]
    kinds: Sequence[str]
    # The time of the snapshot, with a time zone.
    since: datetime | None


def plan_sync(
    source: str | None = None,
    target: str | None = None,
    *,
    on_event: OnEvent | None = None,
    **only: Unpack[SyncFilter],
) -> SyncReport:
    """Tell what `sync` would do: what it would copy is in `copied`; nothing is changed."""
    configuration = conf.load()
    steps: list[SyncStep] = []
    unreachable: list[Missing] = []
    with own_errors():
        for one, other in _pairs(configuration, source, target):
            plan = {
                "from": places.store(configuration, one),
                "to": places.store(configuration, other),
                **_filter(only),
            }
            try:
                found = _core.compare_stores(plan, on_event or silent)
            except StoreError as error:
                unreachable.append(Missing(other if one == LOCAL else one, error.message, error.hint))
                continue
            steps += [SyncStep(**step, source=one, target=other) for step in found]
    return SyncReport(
        copied=tuple(step for step in steps if step.action == "copy"),
        same=sum(step.action == "same" for step in steps),
        left=tuple(step for step in steps if step.action in ("conflict", "bad")),
        unreachable=tuple(unreachable),
    )


def sync(
    source: str | None = None,
    target: str | None = None,
    *,
    on_event: OnEvent | None = None,
    **only: Unpack[SyncFilter],
) -> SyncReport:
    """Copy to the target what it lacks, the newest first; what has the same name and other content is left alone.

    From the folder to every store where nothing else is said; from a store alone to the folder. A copy that fails
    does not stop the others.
    """
    plan = plan_sync(source, target, on_event=on_event, **only)
    configuration = conf.load()
    copied: list[SyncStep] = []
    left = list(plan.left)
    with own_errors():
        for step in plan.copied:
            backup = {"store": places.store(configuration, step.source), "name": step.name}
            try:
                with recorded("upload", step.alias, backup=step.name, location=step.target):
                    _core.copy_backup(
                        {"backup": backup, "to": places.store(configuration, step.target)}, on_event or silent
                    )
            except Interrupted:
                raise
            except HoldfastError as error:
                left.append(replace(step, reason=error.message))
            else:
                copied.append(step)
    return replace(plan, copied=tuple(copied), left=tuple(left))


def download(selector: str, *, location: str = ALL, on_event: OnEvent | None = None) -> Backup:
    """Bring a backup from a store into the folder, looking at every byte; one that is there already is compared."""
    configuration = conf.load()
    far = places.far(configuration, location)
    if not far:
        raise UsageError("there is no store to fetch a backup from", 'Add one to HOLDFAST["STORES"].')
    with own_errors():
        found = search(configuration, far, selector, on_event=on_event)
        prepare(configuration.directory)
        copy = {"backup": places.place(configuration, found), "to": places.folder(configuration.directory)}
        _core.copy_backup(copy, on_event or silent)
        return Backup.from_document(locate(configuration, found["name"], None, LOCAL))


def _pairs(configuration: Configuration, source: str | None, target: str | None) -> list[tuple[str, str]]:
    one = source or LOCAL
    # What a user means who names one end only.
    default = ALL if one == LOCAL else LOCAL
    pairs = [(one, other) for other in places.names(configuration, target or default) if other != one]
    if not pairs:
        raise UsageError("there is no other store to bring backups to", 'Add one to HOLDFAST["STORES"].')
    return pairs


def _filter(only: SyncFilter) -> dict[str, Any]:
    since = only.get("since")
    return {
        "aliases": list(only.get("aliases", ())),
        "kinds": list(only.get("kinds", ())),
        "since": clock.utc_text(since) if since else None,
    }
