"""Turns decisions about what stays into text for a terminal; pure functions."""

from collections.abc import Iterable

from holdfast.inventory import Decision, Remain
from holdfast.rendering import in_store, size
from holdfast.showing import for_people


@for_people
def decisions(decided: Iterable[Decision]) -> str:
    """Tell of every backup whether it stays, and why."""
    lines = [
        f"{'keep  ' if decision.keep else 'remove'}  {in_store(decision.location, decision.name)}"
        f"  ({', '.join(decision.reasons) or 'no rule'})"
        for decision in decided
    ]
    return "\n".join(lines)


@for_people
def remains(found: Iterable[Remain]) -> str:
    """Tell what belongs to no backup."""
    lines = [
        f"remove  {in_store(remain.location, remain.name)}  ({remain.what} that belongs to no backup"
        f"{'' if remain.size is None else f', {size(remain.size)}'})"
        for remain in found
    ]
    return "\n".join(lines)


@for_people
def to_remove(named: Iterable[tuple[str, str]]) -> str:
    """Name what would go: a location and a name of each."""
    return "\n".join(f"remove  {in_store(location, name)}" for location, name in named)


@for_people
def removed(gone: Iterable[tuple[str, str]]) -> str:
    """Name what is gone: a location and a name of each."""
    return "\n".join(f"removed  {in_store(location, name)}" for location, name in gone)
