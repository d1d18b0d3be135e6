"""`manage.py rollback_migration`: goes back to the state before a migration."""

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import CommandParser

from holdfast import conf, rendering, rendering_migrations
from holdfast.exceptions import HoldfastError
from holdfast.inventory import Backup
from holdfast.kinds import PRE_MIGRATE
from holdfast.management.base import HoldfastCommand, add_no_input, confirm, refuse_unfilled, require_terminal
from holdfast.operations import list_backups
from holdfast.premigration.rollback import RollbackOptions, plan_rollback, rollback_migration, since
from holdfast.visible import visible


class Command(HoldfastCommand):
    """Lists the backups that were made before migrations; or shows the plan, asks, goes back to one."""

    help = "Shows the backups that were made before migrations; with one of them: goes back to it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        add = parser.add_argument
        add("backup", nargs="?", help="A path, a name, an id, the beginning of one, or 'latest'.")
        add("--database", metavar="ALIAS", help="Show, or take as 'latest', those of this database alone.")
        add("--dry-run", action="store_true", help="Show the plan and stop.")
        add("--verify", action="store_true", help="Compare every row with the backup before the commit.")
        add("--no-safety-backup", action="store_true", help="Do not back up the present state first.")
        add_no_input(parser)

    def handle(self, **options: Any) -> None:
        """List, or plan, ask, do."""
        if options["backup"] is None:
            self._list(options)
            return
        if not options["dry_run"]:
            require_terminal(options)
        chosen: RollbackOptions = {
            "verify": "full" if options["verify"] else "counts",
            "safety_backup": "skip" if options["no_safety_backup"] else "auto",
        }
        with self.progress("reading", options) as progress:
            preview = plan_rollback(options["backup"], options["database"], on_event=progress, **chosen)
        self.show(rendering_migrations.rollback_plan(preview))
        if options["dry_run"]:
            return
        database = preview.restore.database
        confirm(f"\nType the database's name ({visible(database)}) to go on: ", database, options)
        with self.progress("going back", options) as progress:
            # By its name, and in the way that was shown: `latest` and `auto` may mean another one by now.
            chosen["strategy"] = preview.restore.strategy
            report = rollback_migration(
                str(preview.restore.path or preview.restore.backup), on_event=progress, **chosen
            )
        self.interrupted = "interrupted, but the rollback is done"
        for warning in report.warnings:
            self.warn(visible(warning))
        self.say(rendering.restore_line(report), options)
        self.say(rendering_migrations.code(preview), options)
        refuse_unfilled(report)

    def _since(self, backup: Backup) -> tuple[str, ...]:
        """Give what came after it; where that cannot be told, the rest is shown all the same."""
        try:
            return since(backup)
        except HoldfastError as error:
            self.warn(f"{visible(backup.name)}: what was migrated since is not known: {visible(error.message)}")
            return ()

    def _list(self, options: dict[str, Any]) -> None:
        backups = list_backups(options["database"], PRE_MIGRATE)
        if backups:
            known = [(backup, self._since(backup)) for backup in backups]
            self.show(rendering_migrations.rollbacks(known, datetime.now(UTC)))
        else:
            self.show(f"There are no backups from before a migration in {visible(str(conf.load().directory))}.")
