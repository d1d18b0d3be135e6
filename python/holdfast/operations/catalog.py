"""Finds, pins and removes backups."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from holdfast import _core, clock, conf, plans
from holdfast.conf import Configuration
from holdfast.exceptions import UsageError
from holdfast.history import recorded
from holdfast.inventory import Backup, Decision
from holdfast.operations.choice import locate
from holdfast.operations.session import exclusive, own_errors
from holdfast.retention import Retention


def list_backups(alias: str | None = None, kind: str | None = None) -> tuple[Backup, ...]:
    """Give the backups of the folder, the newest first; a broken one is listed with its problem."""
    folder = conf.load().directory
    with own_errors():
        backups = [Backup.from_document(document) for document in _core.list_backups(str(folder))]
    return tuple(backup for backup in backups if alias in (None, backup.alias) and kind in (None, backup.kind))


def find_backup(selector: str, alias: str | None = None) -> Backup:
    """Give the one backup that a path, a name, an id, a unique prefix or `latest` means."""
    with own_errors():
        return Backup.from_document(locate(conf.load(), selector, alias))


def pin(selector: str, reason: str = "by hand") -> Backup:
    """Keep a backup whatever the retention policy says, until it is unpinned."""
    return _remember(selector, {"pin": reason})


def unpin(selector: str) -> Backup:
    """Leave a backup to the retention policy again."""
    return _remember(selector, "unpin")


def plan_cleanup(retention: Retention | None = None) -> tuple[Decision, ...]:
    """Decide for every backup whether it stays, each among those of its alias; nothing is removed."""
    configuration = conf.load()
    with own_errors():
        return _decide(configuration, _policy(retention or configuration.retention))


def cleanup(retention: Retention | None = None, among: Collection[Path] | None = None) -> tuple[Decision, ...]:
    """Remove what the policy does not keep, of `among` where given; gives the decisions on what is gone.

    Every alias is decided again under its lock, so a backup that was pinned since the plan stays.
    """
    configuration = conf.load()
    policy = _policy(retention or configuration.retention)
    removed: list[Decision] = []
    for alias in sorted({decision.alias for decision in plan_cleanup(policy) if not decision.keep}):
        with exclusive(configuration.directory, alias, "cleanup"):
            for decision in _decide(configuration, policy):
                if decision.alias == alias and not decision.keep and (among is None or decision.path in among):
                    with recorded("cleanup", alias, backup=decision.name):
                        _core.remove_backup(str(decision.path))
                    removed.append(decision)
    return tuple(removed)


def _decide(configuration: Configuration, policy: Retention) -> tuple[Decision, ...]:
    plan = {
        "policy": policy.as_dict(),
        "backups": [
            {
                **{name: document[name] for name in ("path", "name", "alias", "kind", "created", "good")},
                "pinned": document["status"].get("pinned"),
            }
            for document in _core.list_backups(str(configuration.directory))
            # What says neither whose it is nor how old is nobody's to remove.
            if document["alias"] and document["created"]
        ],
        "now": clock.now().strftime(plans.CREATED_FORMAT),
    }
    return tuple(
        Decision(
            alias=decided["alias"],
            name=decided["name"],
            path=Path(decided["path"]),
            keep=decided["keep"],
            reasons=tuple(decided["reasons"]),
        )
        for decided in _core.retention(plan)
    )


def _policy(retention: Retention) -> Retention:
    if retention.is_empty:
        raise UsageError(
            "the retention policy is empty: it would keep nothing",
            'Give HOLDFAST["RETENTION"] or --keep-last a number above 0.',
        )
    return retention


def _remember(selector: str, change: dict[str, Any] | str) -> Backup:
    with own_errors():
        configuration = conf.load()
        path = locate(configuration, selector, None)["path"]
        _core.set_status(path, change)
        return Backup.from_document(locate(configuration, path, None))
