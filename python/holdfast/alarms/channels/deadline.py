"""One deadline for a whole exchange: limits for its steps do not end one with a server that drips."""

import threading
from collections.abc import Callable

from holdfast.exceptions import DeliveryFailed

# Exchanges that were given up and go on; a channel gets no second one beside the first.
_abandoned: dict[str, threading.Thread] = {}


def within(name: str, seconds: float, exchange: Callable[[], None]) -> None:
    """Do this, and give it up after so many seconds; what it raises is raised here."""
    earlier = _abandoned.pop(name, None)
    if earlier is not None and earlier.is_alive():
        _abandoned[name] = earlier
        raise DeliveryFailed("the last answer has not come to its end yet", "Look at the address and at its server.")
    raised: list[BaseException] = []

    def work() -> None:
        try:
            exchange()
        except BaseException as error:  # noqa: BLE001 - it is raised where somebody waits for it
            raised.append(error)

    thread = threading.Thread(target=work, name=f"holdfast exchange {name}", daemon=True)
    try:
        thread.start()
    except RuntimeError:
        # The process ends and starts no threads any more; it waits for none either, but for some seconds.
        exchange()
        return
    thread.join(seconds)
    if thread.is_alive():
        _abandoned[name] = thread
        raise DeliveryFailed(f"no end of the answer within {seconds:g} seconds", "Look at the address and its server.")
    if raised:
        raise raised[0]
