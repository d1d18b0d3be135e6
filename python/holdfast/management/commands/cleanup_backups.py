"""`manage.py cleanup_backups`: removes what the retention policy does not keep."""

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
from holdfast.operations import cleanup, find_remains, pin, plan_cleanup, remove_remains, unpin
from holdfast.stores import LOCAL
from holdfast.visible import visible

_OVERRIDES = ("last", "daily", "weekly", "monthly", "yearly")


class Command(HoldfastCommand):
    """Shows for every backup whether it stays and why, asks, removes the rest."""

    help = "Removes backups that the retention policy does not keep; pins and unpins single ones."
    interrupted = "interrupted: some of the backups above may be gone, no other one is"

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        for rule in _OVERRIDES:
            parser.add_argument(f"--keep-{rule}", type=int, metavar="N", help="Instead of the setting.")
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
