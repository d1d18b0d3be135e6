"""`manage.py sync_backups`: brings to one store what another has."""

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import CommandParser

from holdfast import rendering
from holdfast.exceptions import PartlyDone
from holdfast.management.base import HoldfastCommand, add_format, length_of_time
from holdfast.operations import plan_sync, sync


class Command(HoldfastCommand):
    """Copies what is missing; the same name with other content is told of and never overwritten."""

    help = "Copies to a store the backups that it lacks: from the folder to every store, where nothing else is said."
    interrupted = "interrupted: the backups that are listed above are copied whole, no other one is"

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        add = parser.add_argument
        add("--from", dest="source", metavar="STORE", help="Has the backups; 'local' is the folder of this machine.")
        add("--to", dest="target", metavar="STORE", help="Is to have them.")
        add("--database", action="append", default=[], metavar="ALIAS", help="Only backups of it; may be repeated.")
        add("--type", action="append", default=[], metavar="KIND", help="Only backups of this kind; may be repeated.")
        add("--newer-than", metavar="AGE", help="Only backups that are younger than this: 12h, 30d.")
        add("--dry-run", action="store_true", help="Show what would be copied and stop.")
        add_format(parser)

    def handle(self, **options: Any) -> None:
        """Compare, copy, tell."""
        work = plan_sync if options["dry_run"] else sync
        with self.progress("copying", options) as progress:
            report = work(
                options["source"],
                options["target"],
                aliases=options["database"],
                kinds=options["type"],
                since=_since(options["newer_than"]),
                on_event=progress,
            )
        if options["format"] == "json":
            self.print_json(report.as_dict())
        self.say(rendering.synchronization(report, done=not options["dry_run"]), options)
        if report.left or report.unreachable:
            raise PartlyDone(
                f"{len(report.left)} backups were left alone, {len(report.unreachable)} stores could not be asked",
                "The reasons are above; nothing was overwritten.",
            )


def _since(age: str | None) -> datetime | None:
    return None if age is None else datetime.now(UTC) - length_of_time("--newer-than", age)
