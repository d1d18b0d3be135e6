"""`manage.py backup_db`: makes backups."""

from contextlib import suppress
from typing import Any

from django.core.management.base import CommandParser

from holdfast import commitment, conf, databases, rendering, stores
from holdfast.checks import CHECK_TAG
from holdfast.exceptions import HoldfastError, Interrupted, PartlyDone, UsageError
from holdfast.management.base import (
    HoldfastCommand,
    add_format,
    refuse_together,
    with_hint,
)
from holdfast.operations import backup
from holdfast.operations.creation import tell_failure
from holdfast.plans import BackupOptions
from holdfast.reports import Report


class Command(HoldfastCommand):
    """Makes one backup for each database; one that fails does not stop the others."""

    help = "Makes backups of the databases: all of HOLDFAST['DATABASES'], or those that are named."
    # A folder that a web server shows must stop a backup before the first byte is written there.
    requires_system_checks = (CHECK_TAG,)

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        add = parser.add_argument
        add("--database", action="append", metavar="ALIAS", help="Back up this database; may be repeated.")
        add("--all", action="store_true", help="Back up every PostgreSQL and SQLite database.")
        add("--type", choices=("manual", "daily", "weekly", "monthly"), default="manual", help="Why it is made.")
        add("--compression", metavar="CODEC", help="gzip or zstd, with a level if you like: zstd:9.")
        add("--jobs", type=int, metavar="N", help="Connections (PostgreSQL) and CPU threads.")
        add("--schema-only", action="store_true", help="Leave out all rows.")
        add("--exclude-table-data", action="append", default=[], metavar="TABLE", help="Leave out the rows of TABLE.")
        add("--skip-unsupported", action="store_true", help="Leave out what cannot be backed up, and record that.")
        add("--verify", action="store_true", help="Read the finished backup again.")
        add("--upload", nargs="*", metavar="STORE", help="Upload it to these stores as well; to all without a name.")
        add("--location", metavar="STORE", default=stores.LOCAL, help="Write it to this store only, and to no folder.")
        add_format(parser)

    def handle(self, **options: Any) -> None:
        """Back up one database after the other."""
        refuse_together(options, "database", "all")
        aliases = self._aliases(options)
        chosen = _chosen(options)
        reports: list[Report] = []
        failures: dict[str, HoldfastError] = {}
        for alias in aliases:
            commitment.go_on()
            try:
                with self.progress(alias, options) as progress:
                    report = backup(alias, on_event=progress, **chosen)
            except Interrupted:
                # A wish to stop is meant for all of them.
                raise
            except HoldfastError as error:
                failures[alias] = error
                if len(aliases) > 1:
                    self.warn(f"{alias}: {with_hint(error)}")
                continue
            reports.append(report)
            self.interrupted = f"interrupted: of {', '.join(aliases)} only {len(reports)} are backed up"
            self.say(rendering.backup_line(report, chosen["upload"]), options)
            for text in (*report.notices, *(f"left out: {skipped}" for skipped in report.skipped)):
                self.warn(rendering.about(alias, text))
            for missing in report.missing:
                self.warn(rendering.about(alias, f"not in {missing.store}: {missing.message}"))
        if options["format"] == "json":
            self.print_json(_document(reports, failures))
        _raise(failures, done=len(reports))
        lacking = sorted({missing.store for report in reports for missing in report.missing})
        if lacking:
            raise PartlyDone(
                f"the backups stand, but not all of them are in {', '.join(lacking)}",
                "The reason is above; sync_backups brings there what is missing.",
            )

    def refused(self, error: HoldfastError, options: dict[str, Any]) -> None:
        """Let alarms know: at night nobody reads what is printed."""
        with suppress(UsageError):
            # Where the settings cannot be read, nobody knows of a channel.
            for alias in self._aliases(options):
                tell_failure(alias, options["type"], error)

    @staticmethod
    def _aliases(options: dict[str, Any]) -> list[str]:
        if options["database"]:
            return list(dict.fromkeys(options["database"]))
        aliases = databases.all_aliases(None if options["all"] else conf.load().databases)
        if not aliases:
            raise UsageError("there is no database to back up", "Holdfast knows PostgreSQL and SQLite.")
        return aliases


def _chosen(options: dict[str, Any]) -> BackupOptions:
    chosen: BackupOptions = {
        "kind": options["type"],
        "jobs": options["jobs"],
        "content": "schema-only" if options["schema_only"] else "full",
        "exclude_table_data": options["exclude_table_data"],
        "unsupported": "skip" if options["skip_unsupported"] else "refuse",
        "verify": "full" if options["verify"] else "counts",
        "location": _home(options["location"]),
        "upload": _uploads(options["upload"]),
    }
    if options["compression"]:
        chosen["compression"] = options["compression"]
    return chosen


def _home(name: str) -> str:
    return name if name == stores.LOCAL else stores.named(conf.load().stores, name).name


def _uploads(names: list[str] | None) -> list[str]:
    if names is None:
        return []
    known = conf.load().stores
    if not known:
        raise UsageError("there is no store to upload to", 'Add one to HOLDFAST["STORES"].')
    return [stores.named(known, name).name for name in dict.fromkeys(names or [store.name for store in known])]


def _document(reports: list[Report], failures: dict[str, HoldfastError]) -> dict[str, Any]:
    return {
        "backups": [report.as_dict() for report in reports],
        "failures": [
            {"alias": alias, "message": error.message, "hint": error.hint, "exit_code": error.exit_code}
            for alias, error in failures.items()
        ],
    }


def _raise(failures: dict[str, HoldfastError], done: int) -> None:
    if not failures:
        return
    if done:
        raise PartlyDone(
            f"no backup of {', '.join(failures)}; the others are done",
            "The reason is above; run backup_db --database for what is missing.",
        )
    raise next(iter(failures.values()))
