"""`manage.py backup_status`: says how it stands with the backups, to people and to monitors."""

import sys
from typing import Any

from django.core.management.base import CommandParser

from holdfast import clock, rendering_status
from holdfast.exceptions import HoldfastError
from holdfast.management.base import HoldfastCommand, add_format
from holdfast.operations import status


class Command(HoldfastCommand):
    """Shows for each database the newest good backup, its age against the target, and the last proof."""

    help = "Tells of each database its newest good backup, whether that is too old, and when a restore was proven."
    only_shows = True
    interrupted = "interrupted: nothing was looked at to its end"

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--nagios", action="store_true", help="One line and the exit codes of a Nagios plugin.")
        add_format(parser)

    def handle(self, **options: Any) -> None:
        """Print the status of every database."""
        if options["nagios"]:
            code = self._nagios()
            if code:
                sys.exit(code)
            return
        statuses = status()
        if options["format"] == "json":
            self.print_json([one.as_dict() for one in statuses])
        else:
            self.show(rendering_status.status(statuses, clock.now()))

    def _nagios(self) -> int:
        try:
            code, line = rendering_status.nagios(status())
        except HoldfastError as error:
            # To a monitor our own exit codes would mean something else.
            code, line = rendering_status.NAGIOS_UNKNOWN, f"HOLDFAST UNKNOWN - {error.message}"
        self.show(line)
        return code
