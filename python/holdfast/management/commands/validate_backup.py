"""`manage.py validate_backup`: proves backups."""

from typing import Any

from django.core.management.base import CommandParser

from holdfast import rendering, rendering_status
from holdfast.exceptions import HoldfastError, InvalidBackup, UsageError
from holdfast.history import check_audit
from holdfast.management.base import HoldfastCommand, add_format, add_location, add_trust_role, refuse_together
from holdfast.operations import list_backups, validate
from holdfast.operations.validation import Depth
from holdfast.stores import ALL


class Command(HoldfastCommand):
    """Validates every backup that is named and remembers the results beside them."""

    help = "Reads backups whole, compares them with their manifests and with the models, and remembers the result."
    interrupted = "interrupted: no backup was changed"

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("backups", nargs="*", metavar="BACKUP", help="A path, a name, an id, or 'latest'.")
        parser.add_argument("--all", action="store_true", help="Validate every backup.")
        parser.add_argument("--deep", action="store_true", help="Restore into a scratch place and compare every row.")
        parser.add_argument("--audit", action="store_true", help="Instead: check the chain of the audit log.")
        parser.add_argument("--quick", action="store_true", help="Compare sizes, manifests and stored versions only.")
        add_trust_role(parser)
        add_location(parser, ALL, "Only what is in this store; 'local' is the folder of this machine.")
        add_format(parser)

    def handle(self, **options: Any) -> None:
        """Validate one backup after the other, or the audit log."""
        if [bool(options["backups"]), options["all"], options["audit"]].count(True) != 1:
            raise UsageError("say what to validate", "Name backups, or give --all or --audit: one of the three.")
        refuse_together(options, "quick", "deep")
        if options["audit"]:
            self._audit(options)
            return
        reports = []
        for selector, location in self._wanted(options):
            with self.progress("validating", options) as progress:
                report = validate(
                    selector,
                    depth=_depth(options),
                    location=location,
                    trusted_roles=options["trust_role"],
                    on_event=progress,
                )
            reports.append(report)
            self.say(rendering.validation(report), options)
        if options["format"] == "json":
            self.print_json([report.as_dict() for report in reports])
        bad = [report.name for report in reports if not report.ok]
        if bad:
            raise InvalidBackup(
                f"bad: {', '.join(bad)}", "Do not rely on them; make a new backup now: `manage.py backup_db`."
            )

        doubtful = [report.name for report in reports if report.objections]
        if doubtful:
            raise HoldfastError(
                f"good, but a check of the project is not content with the data: {', '.join(doubtful)}",
                "The backup holds what the database held: look at the live data, or at the check.",
            )

    def _audit(self, options: dict[str, Any]) -> None:
        report = check_audit()
        if options["format"] == "json":
            self.print_json(report.as_dict())
        self.say(rendering_status.audit(report), options)
        if not report.ok:
            raise InvalidBackup(
                f"the audit log is broken: {report.problem}",
                "Compare it with a copy from elsewhere; whoever can write the folder may have changed it.",
            )

    def _wanted(self, options: dict[str, Any]) -> list[tuple[str, str]]:
        if not options["all"]:
            return [(selector, options["location"]) for selector in options["backups"]]
        backups = list_backups(location=options["location"], on_event=self.notices)
        # Each copy is a backup of its own: one may be good and the other not.
        return [(backup.name, location) for backup in backups for location in backup.locations]


def _depth(options: dict[str, Any]) -> Depth:
    if options["deep"]:
        return "restore"
    return "quick" if options["quick"] else "read"
