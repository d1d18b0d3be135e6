"""Tells people what they have to know, and only that: backups that fail, grow old or change, disks that fill up.

>>> from holdfast import alarms
>>> alarms.review()  # doctest: +SKIP

Nothing here ever delays or fails a backup: all is sent in the background, and what cannot be sent is logged.
"""

__all__ = ["review"]


def review() -> None:
    """Look for what nobody sends a signal of (backups too old, a disk nearly full) and tell it, in the background.

    Whoever runs backups calls it after each run; a finished backup does so by itself.
    """
    from holdfast import clock, conf  # noqa: PLC0415 - the settings are read with a module of this package

    configuration = conf.load()
    if configuration.notify:
        from holdfast.alarms import delivery, reviewing  # noqa: PLC0415 - nobody else needs them

        now = clock.now()
        delivery.dispatch(configuration, lambda: reviewing.found(configuration, now))
