"""Who has been told of what: pure rules over a document, one entry for each trouble.

    {key: {"alarm": Alarm, "recovery": Alarm | null, "seen": time, "channels": {name: {"told": time, "claimed": time}}}}

A message is claimed before it is sent, and settled after. A process that dies in between leaves a claim, which
another one takes over when it has become too old: rather told twice than never.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from holdfast.alarms.alarm import NEWS, Alarm
from holdfast.alarms.settings import Channel
from holdfast.clock import utc_text
from holdfast.sound import is_moment

Entries = dict[str, dict[str, Any]]

# Longer than the longest delivery with all its tries.
_CLAIM = timedelta(minutes=5)
# What nobody has noted again for so long is over, even if nobody said so: the database may be gone.
_FORGOTTEN = timedelta(days=30)


def is_sound(key: str, entry: object) -> bool:
    """Tell whether an entry that was read is one that these rules could have made."""
    if not isinstance(entry, dict) or entry.keys() != {"alarm", "recovery", "seen", "channels"}:
        return False
    channels = entry["channels"]
    return (
        Alarm.is_sound(entry["alarm"])
        and entry["alarm"]["key"] == key
        and (entry["recovery"] is None or Alarm.is_sound(entry["recovery"]))
        and is_moment(entry["seen"])
        and isinstance(channels, dict)
        and all(isinstance(state, dict) and all(map(is_moment, state.values())) for state in channels.values())
    )


def enter(entries: Entries, alarm: Alarm, now: datetime) -> None:
    """Remember a trouble, or that it still lasts; with a recovery: end it, for those who were told of it."""
    if alarm.event != "recovered":
        entry = entries.setdefault(alarm.key, {"channels": {}})
        entry |= {"alarm": alarm.as_dict(), "recovery": None, "seen": utc_text(now)}
    elif is_open(entries, alarm.key):
        entries[alarm.key]["recovery"] = alarm.as_dict()


def is_open(entries: Entries, key: str) -> bool:
    """Tell whether this trouble is known and not over."""
    return key in entries and entries[key]["recovery"] is None


def claim(entries: Entries, channel: Channel, now: datetime, repeat: timedelta) -> Alarm | None:
    """Give the next message for this channel, and let no other process have it."""
    for entry in entries.values():
        state = entry["channels"].setdefault(channel.name, {})
        alarm = _due(entry, state, channel, repeat)
        if alarm is not None and not _is_within(state.get("claimed"), now, _CLAIM):
            state["claimed"] = utc_text(now)
            return alarm
    return None


def settle(entries: Entries, channel: Channel, alarm: Alarm, *, delivered: bool) -> None:
    """Remember how the delivery of a claimed message ended."""
    state = entries.get(alarm.key, {"channels": {}})["channels"].get(channel.name, {})
    state.pop("claimed", None)
    if not delivered:
        return
    if alarm.event == "recovered":
        state.pop("told", None)
    else:
        # The time of the alarm, not of the delivery: a nightly failure must not slip under the limit by seconds.
        state["told"] = alarm.at


def sweep(entries: Entries, channels: Sequence[Channel], now: datetime) -> None:
    """Forget what is over, and channels that are gone."""
    known = {channel.name: channel for channel in channels}
    for key, entry in list(entries.items()):
        entry["channels"] = {name: state for name, state in entry["channels"].items() if name in known and state}
        if not _is_within(entry["seen"], now, _FORGOTTEN) or not _matters(entry, known):
            del entries[key]


def _matters(entry: dict[str, Any], known: dict[str, Channel]) -> bool:
    states = entry["channels"]
    if entry["recovery"] is not None:
        alarm = Alarm.from_dict(entry["recovery"])
        return any("told" in state and _wants(known[name], alarm) for name, state in states.items())
    if _is_news(entry):
        alarm = Alarm.from_dict(entry["alarm"])
        return any("told" not in states.get(name, {}) for name, channel in known.items() if _wants(channel, alarm))
    return True


def _due(entry: dict[str, Any], state: dict[str, str], channel: Channel, repeat: timedelta) -> Alarm | None:
    told = state.get("told")
    alarm = Alarm.from_dict(entry["recovery"] or entry["alarm"])
    if not _wants(channel, alarm):
        return None
    if entry["recovery"] is not None:
        return alarm if told else None
    if told is None:
        return alarm
    lasted = datetime.fromisoformat(alarm.at) - datetime.fromisoformat(told)
    return alarm if not _is_news(entry) and lasted >= repeat else None


def _is_news(entry: dict[str, Any]) -> bool:
    """Tell whether this happened once, and does not last."""
    return entry["alarm"]["event"] in NEWS


def _wants(channel: Channel, alarm: Alarm) -> bool:
    return channel.wants(alarm.event, alarm.alias, alarm.kind)


def _is_within(time: str | None, now: datetime, length: timedelta) -> bool:
    return time is not None and now - datetime.fromisoformat(time) < length
