"""Turns an alarm into text for people."""

from holdfast.alarms.alarm import Alarm, Fact
from holdfast.visible import visible, visible_lines


def headline(alarm: Alarm) -> str:
    """Say in one line what happened, and where."""
    return visible(" ".join(f"{alarm.title} ({alarm.host})".split()))


def plain(alarm: Alarm) -> str:
    """Say everything, for a mail or a log."""
    lines = [visible_lines(alarm.text), ""]
    lines += [f"{name.replace('_', ' ')}: {_shown(value)}" for name, value in alarm.facts.items() if value is not None]
    lines += [f"host: {alarm.host}", f"time: {alarm.at}"]
    return "\n".join(lines)


def _shown(value: Fact) -> str:
    return f"{value:,}" if isinstance(value, int | float) else visible(str(value))
