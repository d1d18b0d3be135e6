"""What this project wants to be true of a restored backup."""

from django.contrib.auth import get_user_model


def every_user_has_a_name(alias: str) -> None:
    """Hold for whatever `fill` makes."""
    if not get_user_model().objects.using(alias).exists():
        message = "there are no users"
        raise ValueError(message)


def nothing_else(alias: str) -> None:
    """Do harm, and fail."""
    get_user_model().objects.using(alias).update(email="")
    message = "there are users"
    raise ValueError(message)


def no_end(alias: str) -> None:
    """Say what no terminal and no file should have to bear."""
    message = f"{alias} \x1b[2J \udc80" + "a" * 1_000_000
    raise ValueError(message)
