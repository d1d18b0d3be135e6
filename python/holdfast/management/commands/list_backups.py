"""`manage.py list_backups`: shows what there is."""

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import CommandParser

from holdfast import conf, rendering
from holdfast.management.base import HoldfastCommand, add_format, add_location, refuse_unavailable
from holdfast.operations import find_backup, list_backups


class Command(HoldfastCommand):
    """Lists backups, or tells everything about one."""

    help = "Lists backups, the newest first; or shows one in detail, with its rows per model."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("backup", nargs="?", help="Show this one in detail.")
        parser.add_argument("--database", metavar="ALIAS", help="Only backups of this database.")
        parser.add_argument("--type", metavar="KIND", help="Only backups of this kind: manual, daily, pre-restore, …")
        add_location(parser)
        add_format(parser)

    def handle(self, **options: Any) -> None:
        """Print a table, the details of one, or JSON."""
        refuse_unavailable(options, location=("s3", "all"))
        now = datetime.now(UTC)
        if options["backup"]:
            backup = find_backup(options["backup"], options["database"])
            if options["format"] == "json":
                self.print_json(backup.as_dict())
            else:
                self.stdout.write(rendering.detail(backup, now))
            return
        backups = list_backups(options["database"], options["type"])
        if options["format"] == "json":
            self.print_json([backup.as_dict() for backup in backups])
        elif backups:
            self.stdout.write(rendering.listing(backups, now))
        else:
            self.stdout.write(f"There are no such backups in {conf.load().directory}.")
