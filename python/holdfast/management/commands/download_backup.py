"""`manage.py download_backup`: brings a backup from a store into the folder."""

from typing import Any

from django.core.management.base import CommandParser

from holdfast.management.base import HoldfastCommand, add_location
from holdfast.operations import download
from holdfast.stores import ALL
from holdfast.visible import visible


class Command(HoldfastCommand):
    """Fetches a backup and looks at every byte on its way."""

    help = "Brings a backup from a store into the folder of this machine, every byte compared with its digest."
    interrupted = "interrupted: the folder holds nothing new"

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "backup", nargs="?", default="latest", help="A name, an id, the beginning of one, or 'latest'."
        )
        add_location(parser, ALL, "Fetch it from this store.")

    def handle(self, **options: Any) -> None:
        """Fetch, compare, tell where it is."""
        with self.progress("fetching", options) as progress:
            backup = download(options["backup"], location=options["location"], on_event=progress)
        self.say(f"{visible(backup.name)} is in {visible(str(backup.path))}", options)
