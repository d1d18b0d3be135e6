"""`manage.py list_backups`: shows what there is."""

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import CommandParser

from holdfast import conf, places, rendering, rendering_status
from holdfast.exceptions import UsageError
from holdfast.management.base import HoldfastCommand, add_format, add_location, length_of_time
from holdfast.operations import find_backup, link, list_backups
from holdfast.stores import ALL, LOCAL
from holdfast.visible import visible


class Command(HoldfastCommand):
    """Lists backups, or tells everything about one."""

    help = "Lists backups, the newest first; or shows one in detail, with its rows per model."
    only_shows = True

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("backup", nargs="?", help="Show this one in detail.")
        parser.add_argument("--database", metavar="ALIAS", help="Only backups of this database.")
        parser.add_argument("--type", metavar="KIND", help="Only backups of this kind: manual, daily, pre-restore, …")
        parser.add_argument("--url", action="store_true", help="Print an address from which anybody can fetch it.")
        parser.add_argument("--expires", metavar="TIME", default="1h", help="How long the address works: 30m, 1h, 2d.")
        add_location(parser, ALL, "Only what is in this store; 'local' is the folder of this machine.")
        add_format(parser)

    def handle(self, **options: Any) -> None:
        """Print a table, the details of one, or JSON."""
        now = datetime.now(UTC)
        location = options["location"]
        if options["url"]:
            self._link(options)
            return
        if options["backup"]:
            backup = find_backup(options["backup"], options["database"], location=location, on_event=self.notices)
            if options["format"] == "json":
                self.print_json(backup.as_dict())
            else:
                self.show(rendering.detail(backup, now))
            return
        backups = list_backups(options["database"], options["type"], location=location, on_event=self.notices)
        if options["format"] == "json":
            self.print_json([backup.as_dict() for backup in backups])
        elif backups:
            self.show(rendering.listing(backups, now))
            self.show(f"\n{rendering_status.proofs(backups, now)}")
        else:
            where = [
                str(conf.load().directory) if name == LOCAL else name for name in places.names(conf.load(), location)
            ]
            self.show(f"There are no such backups in {', '.join(map(visible, where))}.")

    def _link(self, options: dict[str, Any]) -> None:
        if not options["backup"]:
            raise UsageError("an address is that of one backup", "Name it: list_backups BACKUP --url.")
        expires = length_of_time("--expires", options["expires"])
        self.show(link(options["backup"], expires, location=options["location"]))
