"""`manage.py cleanup_backups`: removes what the retention policy does not keep, or what is named."""

from typing import Any

from django.core.management.base import CommandParser

from holdfast import rendering
from holdfast.exceptions import UsageError
from holdfast.management.base import (
    HoldfastCommand,
    add_location,
    add_no_input,
    confirm,
    refuse_together,
    require_terminal,
)
from holdfast.operations import cleanup, find_remains, pin, plan_cleanup, plan_removal, remove, remove_remains, unpin
from holdfast.stores import LOCAL
from holdfast.visible import visible

_OVERRIDES = {
    "last": "the newest N",
    "daily": "the newest of each of N days",
    "weekly": "the newest of each of N weeks",
    "monthly": "the newest of each of N months",
    "yearly": "the newest of each of N years",
}


class Command(HoldfastCommand):
    """Shows for every backup whether it stays and why, asks, removes the rest."""

    help = "Removes backups that the retention policy does not keep, or those that are named; pins single ones."
    interrupted = "interrupted: some of the backups above may be gone, no other one is"

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("backups", nargs="*", metavar="NAME", help="Remove these, and nothing else.")
        for rule, what in _OVERRIDES.items():
            text = f"Keep {what}, instead of what the setting says; then nothing is kept besides for being recent."
            parser.add_argument(f"--keep-{rule}", type=int, metavar="N", help=text)
        parser.add_argument("--force", action="store_true", help="Remove even a pinned one, or the newest good one.")
        parser.add_argument("--pin", metavar="BACKUP", help="Keep this one whatever the policy says, and stop.")
        parser.add_argument("--unpin", metavar="BACKUP", help="Leave this one to the policy again, and stop.")
        parser.add_argument("--dry-run", action="store_true", help="Show the decisions and stop.")
        add_location(parser, LOCAL, "Clean up this store instead of the folder, or 'all'.")
        add_no_input(parser)

    def handle(self, **options: Any) -> None:
        """Decide, ask, remove; or pin."""
        refuse_together(options, "pin", "unpin")
        if options["pin"]:
            self.say(f"{visible(pin(options['pin']).name)} is pinned: it stays until it is unpinned.", options)
            return
        if options["unpin"]:
            self.say(f"{visible(unpin(options['unpin']).name)} is no longer pinned.", options)
            return
        if options["backups"]:
            self._remove(options)
            return
        counts = {rule: options[f"keep_{rule}"] for rule in _OVERRIDES}
        if any(count is not None and count < 0 for count in counts.values()):
            raise UsageError("a backup cannot be kept a negative number of times", "Give --keep-… 0 or more.")
        where = {"location": options["location"], "on_event": self.notices}
        decided = plan_cleanup(counts, **where)
        remains = find_remains(**where)
        self.say("\n".join(filter(None, (rendering.decisions(decided), rendering.remains(remains)))), options)
        doomed = frozenset((decision.location, decision.name) for decision in decided if not decision.keep)
        to_remove = len(doomed) + len(remains)
        if not to_remove or options["dry_run"]:
            self.say(f"{to_remove} to remove, {len(decided) - len(doomed)} to keep.", options)
            return
        require_terminal(options)
        confirm(f"\nType 'yes' to remove {to_remove} of {len(decided) + len(remains)}: ", "yes", options)
        removed = cleanup(counts, among=doomed, **where)
        gone = remove_remains(**where)
        self.say(f"{len(removed) + len(gone)} removed, {len(decided) - len(removed)} kept.", options)

    def _remove(self, options: dict[str, Any]) -> None:
        which = {"location": options["location"], "force": options["force"], "on_event": self.notices}
        planned = plan_removal(options["backups"], **which)
        self.say("\n".join(f"remove  {backup.name}  ({', '.join(backup.locations)})" for backup in planned), options)
        if options["dry_run"]:
            self.say(f"{len(planned)} to remove.", options)
            return
        require_terminal(options)
        confirm(f"\nType 'yes' to remove {len(planned)}: ", "yes", options)
        removed = remove([backup.name for backup in planned], **which)
        self.say(f"{len(removed)} removed: {', '.join(backup.name for backup in removed)}.", options)
