"""`manage.py schedule_backups`: prints what makes other programs call `run_backups`."""

from typing import Any

from django.core.management.base import CommandParser

from holdfast.management.base import HoldfastCommand
from holdfast.platforms import PLATFORMS, Project, configuration


class Command(HoldfastCommand):
    """Prints a configuration with the paths and the settings of this project; installs nothing."""

    help = "Prints a ready configuration that calls run_backups; when backups are made, HOLDFAST['SCHEDULE'] says."
    only_shows = True

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--for", choices=tuple(PLATFORMS), required=True, dest="platform", help="For what.")

    def handle(self, **options: Any) -> None:
        """Print it."""
        self.show(configuration(options["platform"], Project.present()))
