"""`manage.py restore_db`: brings a backup back."""

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import CommandParser

from holdfast import rendering, rendering_kept
from holdfast.exceptions import InvalidBackup
from holdfast.management.base import (
    HoldfastCommand,
    add_location,
    add_no_input,
    add_trust_role,
    confirm,
    refuse_together,
    refuse_unfilled,
    require_terminal,
)
from holdfast.operations import (
    drop_old_databases,
    kept_databases,
    plan_restore,
    plan_undo,
    restore,
    undo_restore,
    validate,
)
from holdfast.plans import RestoreOptions, Scope
from holdfast.stores import ALL
from holdfast.visible import visible


class Command(HoldfastCommand):
    """Shows the plan, asks, backs up the state of now, restores."""

    help = "Makes a database equal to a backup. Shows what it will do and asks first."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        add = parser.add_argument
        add("backup", nargs="?", default="latest", help="A path, a name, an id, the beginning of one, or 'latest'.")
        add_location(parser, ALL, "Take it from this store; 'local' is the folder of this machine.")
        add("--database", metavar="ALIAS", help="Restore into this database instead of the backup's own.")
        add("--table", action="append", default=[], metavar="TABLE", help="Restore only this table or model.")
        add("--schema", action="append", default=[], metavar="SCHEMA", help="Restore only this schema (PostgreSQL).")
        add("--schema-only", action="store_true", help="Restore definitions, no rows.")
        add("--data-only", action="store_true", help="Restore rows into tables that exist.")
        add(
            "--drop-existing",
            action="store_true",
            help="What a full restore does without it: drop what the backup does not have.",
        )
        add("--owners", action="store_true", help="Apply owners and grants (PostgreSQL).")
        add("--strategy", choices=("auto", "in-place", "swap"), default="auto", help="How PostgreSQL is restored.")
        add("--jobs", type=int, metavar="N", help="Connections of a swap; in place, CPU threads.")
        add("--toast-compression", choices=("lz4", "pglz"), help="How PostgreSQL compresses large values.")
        add("--undo", action="store_true", help="Swap back the database that the last swap has put aside.")
        add("--drop-old", action="store_true", help="Drop the databases that swaps have put aside.")
        add("--dry-run", action="store_true", help="Show the plan and stop.")
        add("--verify", action="store_true", help="Compare every row with the backup before the commit.")
        add("--verify-only", action="store_true", help="Check the backup and stop.")
        add_trust_role(parser)
        add("--no-safety-backup", action="store_true", help="Do not back up the present state first.")
        add("--skip-unsupported", action="store_true", help="Let the safety backup leave out what it cannot hold.")
        add_no_input(parser, "--force")

    def handle(self, **options: Any) -> None:
        """Plan, ask, do."""
        refuse_together(options, "data_only", "schema_only")
        refuse_together(options, "undo", "drop_old")
        for partial in ("table", "schema", "data_only"):
            # These keep what they do not name.
            refuse_together(options, "drop_existing", partial)
        if options["verify_only"]:
            self._verify(options)
            return
        if not options["dry_run"]:
            require_terminal(options)
        if options["undo"]:
            self._undo(options)
        elif options["drop_old"]:
            self._drop_old(options)
        else:
            self._restore(options)

    def _restore(self, options: dict[str, Any]) -> None:
        chosen = _chosen(options)
        with self.progress("reading", options) as progress:
            where = options["location"]
            preview = plan_restore(options["backup"], options["database"], location=where, on_event=progress, **chosen)
        self.show(rendering.restore_plan(preview))
        if options["drop_existing"]:
            self.say("\n--drop-existing changes nothing: a full restore drops what the backup does not have.", options)
        if options["dry_run"]:
            return
        confirm(f"\nType the database's name ({visible(preview.database)}) to go on: ", preview.database, options)
        with self.progress("restoring", options) as progress:
            # Where it was found, and in the way that was shown: `latest` and `auto` may mean another one by now.
            chosen["strategy"] = preview.strategy
            backup = str(preview.path or preview.backup)
            report = restore(backup, preview.alias, location=preview.location, on_event=progress, **chosen)
        self.interrupted = "interrupted, but the restore is done"
        for warning in report.warnings:
            self.warn(visible(warning))
        self.say(rendering.restore_line(report), options)
        refuse_unfilled(report)

    def _undo(self, options: dict[str, Any]) -> None:
        plan = plan_undo(options["database"])
        self.show(rendering_kept.undo_plan(plan, datetime.now(UTC)))
        if options["dry_run"]:
            return
        confirm(f"\nType the database's name ({visible(plan.database)}) to go on: ", plan.database, options)
        with self.progress("undoing", options) as progress:
            report = undo_restore(plan.alias, plan.restored.name, on_event=progress)
        self.interrupted = "interrupted, but the undo is done"
        self.say(rendering_kept.undo_line(report), options)

    def _drop_old(self, options: dict[str, Any]) -> None:
        kept = kept_databases(options["database"])
        self.show(rendering_kept.drop_plan(kept, datetime.now(UTC)))
        if options["dry_run"] or not kept:
            return
        confirm("\nType 'drop' to drop them for good: ", "drop", options)
        with self.progress("dropping", options) as progress:
            gone = drop_old_databases(options["database"], [one.name for one in kept], on_event=progress)
        self.interrupted = "interrupted, but the databases are dropped"
        self.say(f"Dropped {len(gone)}.", options)

    def _verify(self, options: dict[str, Any]) -> None:
        with self.progress("validating", options) as progress:
            where = options["location"]
            report = validate(options["backup"], options["database"], location=where, on_event=progress)
        self.say(rendering.validation(report), options)
        if not report.ok:
            raise InvalidBackup(f"{report.name} is bad", "Choose another backup: `manage.py list_backups`.")


def _chosen(options: dict[str, Any]) -> RestoreOptions:
    scope: Scope = "full"
    if options["data_only"]:
        scope = "data-only"
    elif options["schema_only"]:
        scope = "schema-only"
    return {
        "strategy": options["strategy"],
        "scope": scope,
        "tables": options["table"],
        "schemas": options["schema"],
        "owners": "apply" if options["owners"] else "ignore",
        "verify": "full" if options["verify"] else "counts",
        "jobs": options["jobs"],
        "toast_compression": options["toast_compression"],
        "trusted_roles": options["trust_role"],
        "safety_backup": "skip" if options["no_safety_backup"] else "auto",
        "unsupported": "skip" if options["skip_unsupported"] else "refuse",
    }
