"""When something is to happen: by a cron expression in the project's time zone, or every so often."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Protocol

from cronsim import CronSim, CronSimError
from django.utils import timezone

_CRON_FIELDS = 5
_EPOCH = datetime.fromtimestamp(0, UTC)


class Times(Protocol):
    """Moments that come again and again."""

    def previous(self, moment: datetime) -> datetime:
        """Give the last one that is not after this moment."""

    def following(self, moment: datetime) -> datetime:
        """Give the first one after this moment."""


@dataclass(frozen=True)
class Cron:
    """The moments of a cron expression, on the clocks of the project's time zone."""

    expression: str

    def __post_init__(self) -> None:
        """Fail with a ValueError where the expression says nothing, or a moment that never comes."""
        if len(self.expression.split()) != _CRON_FIELDS:
            raise ValueError("it must have five fields: minute, hour, day, month, day of the week")
        try:
            self.following(_EPOCH)
        except CronSimError as error:
            raise ValueError(str(error)) from error
        except StopIteration:
            raise ValueError("no such moment ever comes") from None

    def previous(self, moment: datetime) -> datetime:
        """Give the last one that is not after this moment."""
        after = moment.replace(microsecond=0) + timedelta(seconds=1)
        found = CronSim(self.expression, _local(after), reverse=True)
        return next(each for each in map(_in_utc, found) if each <= moment)

    def following(self, moment: datetime) -> datetime:
        """Give the first one after this moment."""
        # In the hour that comes twice when summer time ends, the library gives a moment of the first one in the second.
        return next(each for each in map(_in_utc, CronSim(self.expression, _local(moment))) if each > moment)


@dataclass(frozen=True)
class Every:
    """Moments so far apart, on the full hour where that divides the day: counted from midnight UTC."""

    interval: timedelta

    def previous(self, moment: datetime) -> datetime:
        """Give the last one that is not after this moment."""
        return _EPOCH + (moment - _EPOCH) // self.interval * self.interval

    def following(self, moment: datetime) -> datetime:
        """Give the first one after this moment."""
        return self.previous(moment) + self.interval


@dataclass(frozen=True)
class Hours:
    """A part of each day on the clocks of the project's time zone; it may go over midnight."""

    begin: time
    end: time

    @classmethod
    def parse(cls, text: str) -> Hours:
        """Read "22:00-06:30", or fail with a ValueError."""
        begin, dash, end = text.partition("-")
        if not dash:
            raise ValueError('write it as "08:00-18:00"')
        hours = cls(time.fromisoformat(begin.strip()), time.fromisoformat(end.strip()))
        if hours.begin == hours.end:
            raise ValueError("it begins when it ends")
        return hours

    def end_after(self, moment: datetime) -> datetime | None:
        """Give the end of these hours where the moment is in them."""
        local = _local(moment)
        clock = local.time()
        over_midnight = self.end < self.begin
        inside = clock >= self.begin or clock < self.end if over_midnight else self.begin <= clock < self.end
        if not inside:
            return None
        day = local.date() + timedelta(days=1 if over_midnight and clock >= self.begin else 0)
        return datetime.combine(day, self.end, timezone.get_default_timezone()).astimezone(UTC)


def _in_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


def _local(moment: datetime) -> datetime:
    return moment.astimezone(timezone.get_default_timezone())
