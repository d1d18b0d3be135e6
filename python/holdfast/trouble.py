"""Tells what is an event of a database from what only the person at the keyboard has to know."""

from holdfast.commitment import Ended
from holdfast.exceptions import Interrupted, UsageError


def is_trouble(error: BaseException) -> bool:
    """Tell whether an error says something about a database or its backups.

    A person who stops the work, or asks for what makes no sense, knows it; nobody else has to be told.
    """
    stopped = isinstance(error, KeyboardInterrupt | Interrupted) and not isinstance(error, Ended)
    return not stopped and not isinstance(error, UsageError)
