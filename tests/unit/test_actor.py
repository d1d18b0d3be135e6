"""A run says who called it, and gives no secret away."""

import pytest

from holdfast import history
from holdfast.exceptions import HoldfastError, Interrupted
from holdfast.history.actor import command_line


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["manage.py", "backup_db", "--type", "daily"], "manage.py backup_db --type daily"),
        (["/srv/blog/manage.py", "migrate", "blog", "0004"], "manage.py migrate blog 0004"),
        (["manage.py", "shell", "-c", "login('hunter2')"], "manage.py shell"),
        (["manage.py", "createsuperuser", "--password", "hunter2"], "manage.py createsuperuser"),
        (["/usr/bin/celery", "-b", "amqp://me:hunter2@host"], "celery"),
        (["/usr/lib/python3/django/__main__.py", "restore_db"], "python -m django restore_db"),
        (["-c"], "-c"),
        (["manage.py"], "manage.py"),
        ([], ""),
    ],
)
def test_a_command_line_without_secrets(arguments: list[str], told: str) -> None:
    assert command_line(arguments) == told


def test_only_our_own_messages_are_kept() -> None:
    assert history.describe(HoldfastError("the disk is full", "Make room.")) == "the disk is full"
    assert "hunter2" not in history.describe(ValueError("hunter2 is no port"))
    assert history.describe(KeyboardInterrupt()) == history.describe(Interrupted("stop")) == "interrupted"
