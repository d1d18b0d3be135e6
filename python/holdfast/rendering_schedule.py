"""Texts about schedules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from holdfast.showing import for_people

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from holdfast.exceptions import HoldfastError
    from holdfast.schedule.hindrance import Hindrance
    from holdfast.schedule.outlook import Task


def name(key: tuple[str, str]) -> str:
    """Name a task: the database, then what is done to it."""
    kind, alias = key
    return f"{alias} {kind}"


@for_people
def waits(key: tuple[str, str], hindrance: Hindrance) -> str:
    """Tell what a task that is due waits for."""
    return f"{name(key)}: waits: {hindrance.reason}"


@for_people
def failure(key: tuple[str, str], error: HoldfastError) -> str:
    """Tell what failed, and what to do about it."""
    return f"{name(key)}: {error.message}" + (f"\n{error.hint}" if error.hint else "")


@for_people
def outlook(tasks: Sequence[Task], waiting: Mapping[tuple[str, str], Hindrance], now: datetime) -> str:
    """Tell of every task whether it is due, why, and what is in the way."""
    width = max((len(task.label) for task in tasks), default=0)
    return "\n".join(f"{task.label:<{width}}  {_state(task, waiting, now)}" for task in tasks)


def _state(task: Task, waiting: Mapping[tuple[str, str], Hindrance], now: datetime) -> str:
    last = f"last {moment(task.last)}" if task.last else "never done before"
    if not task.is_due(now):
        return f"next {moment(task.begins)} ({last})"
    hindrance = waiting.get(task.key)
    if hindrance is None:
        return f"due since {moment(task.due)} ({last})"
    return f"waits since {moment(task.due)}: {hindrance.reason} ({last})"


def moment(when: datetime) -> str:
    """Write a moment of the schedule in the zone of the project, in which its times are given."""
    return when.astimezone(timezone.get_default_timezone()).strftime("%Y-%m-%d %H:%M:%S %Z")
