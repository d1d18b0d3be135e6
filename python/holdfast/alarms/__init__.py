"""Tells people what they have to know, and only that: backups that fail, grow old or change, disks that fill up.

>>> from holdfast import alarms
>>> alarms.review()  # doctest: +SKIP

Nothing here ever delays or fails a backup: all is sent in the background, and what cannot be sent is logged.
"""

__all__ = ["review"]


def review() -> None:
    """Look for what nobody sends a signal of (backups too old, a disk nearly full) and tell it.

    Whoever runs backups calls it after each run, and `check_backups` does. It asks the stores, on the caller's thread;
    a finished backup looks at its own folder by itself.
    """
    from holdfast import clock, conf  # noqa: PLC0415 - the settings are read with a module of this package

    configuration = conf.load()
    if configuration.notify:
        from holdfast.alarms import delivery, reviewing  # noqa: PLC0415 - nobody else needs them

        found = tuple(reviewing.everywhere(configuration, clock.now()))
        delivery.dispatch(configuration, lambda: found)
