"""Every error that Holdfast raises on purpose, one class for each thing that a caller can do about it."""

from typing import ClassVar

from holdfast.visible import visible


class HoldfastError(Exception):
    """The work failed and nothing was changed; the message says what happened, the hint what to do next."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, hint: str | None = None) -> None:
        """Keep both apart, so that a log line holds one sentence and a terminal shows two."""
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        """Only the message, as one line that is safe in a traceback and in a log."""
        return visible(self.message)


class DatabaseError(HoldfastError):
    """The database could not be reached, refused us, or went away."""


class StoreError(HoldfastError):
    """A store could not be reached, refused us, or went away."""


class UnsupportedObject(HoldfastError):
    """The database holds something that cannot be backed up."""


class UsageError(HoldfastError):
    """The request itself makes no sense: an unknown alias, table or option."""

    exit_code = 2


class BackupNotFound(UsageError):
    """No backup, or more than one, fits what was asked for."""


class InvalidBackup(HoldfastError):
    """The backup is damaged, incomplete, foreign or newer than this program."""

    exit_code = 3


class LockHeld(HoldfastError):
    """Another run works on the same database and folder."""

    exit_code = 4


class PartlyDone(HoldfastError):
    """Some of the work is done and stays; the message says which part is not."""

    exit_code = 5


class Interrupted(HoldfastError):
    """Somebody asked to stop: Ctrl-C or SIGTERM."""


class RestoreFailed(HoldfastError):
    """The restore failed; the database is what it was before."""


class DeliveryFailed(HoldfastError):
    """An alarm did not reach its channel; it is logged, and no backup ever fails of it."""
