"""`manage.py migrate_safely`: `migrate` behind a backup, and back again when it fails."""

from typing import Any

from django.core.management import get_commands, load_command_class
from django.core.management.base import BaseCommand, CommandError, CommandParser

from holdfast.management.base import HoldfastCommand
from holdfast.premigration.guarded import migrate_safely
from holdfast.visible import visible_lines


class Command(HoldfastCommand):
    """Takes what the project's `migrate` takes, and ends as that ends."""

    help = "Makes a backup, migrates, and restores the backup when the migration fails."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options of `migrate`."""
        self._migrate().add_arguments(parser)

    def handle(self, **options: Any) -> None:
        """Migrate, and tell of the way back where there was one."""
        try:
            migrate_safely(command=self._migrate(), **options)
        except KeyboardInterrupt as stop:
            if _notes(stop):
                self.interrupted = "\n".join(["interrupted", *_notes(stop)])
            raise
        except CommandError as error:
            # Django shows its message alone.
            said = visible_lines("\n".join([str(error), *_notes(error)]))
            raise CommandError(said, returncode=error.returncode) from error

    @staticmethod
    def _migrate() -> BaseCommand:
        # The project's own, which may be another one than Django's.
        return load_command_class(get_commands()["migrate"], "migrate")


def _notes(error: BaseException) -> list[str]:
    return getattr(error, "__notes__", [])
