"""`manage.py cleanup_backups`: removes what the retention policy does not keep, or what is named."""

from typing import Any

from django.core.management.base import CommandParser

from holdfast import rendering_retention as rendering
from holdfast.exceptions import UsageError
from holdfast.management.base import (
    HoldfastCommand,
    add_format,
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
            text = f"Keep {what}, instead of what the setting says."
            parser.add_argument(f"--keep-{rule}", type=int, metavar="N", help=text)
        text = "Keep nothing for being of the last two days or made by hand: judge every kind by these rules alone."
        parser.add_argument("--no-recent", action="store_true", help=text)
        parser.add_argument("--force", action="store_true", help="Remove even a pinned one, or the newest good one.")
        parser.add_argument("--pin", metavar="BACKUP", help="Keep this one whatever the policy says, and stop.")
        parser.add_argument("--unpin", metavar="BACKUP", help="Leave this one to the policy again, and stop.")
        parser.add_argument("--dry-run", action="store_true", help="Show the decisions and stop.")
        add_location(parser, LOCAL, "Clean up this store instead of the folder, or 'all'.")
        add_no_input(parser)
        add_format(parser)

    def handle(self, **options: Any) -> None:
        """Decide, ask, remove; or pin."""
        refuse_together(options, "pin", "unpin")
        if options["format"] == "json" and options["interactive"] and not options["dry_run"]:
            raise UsageError("a question is no JSON", "Add --dry-run, or --no-input to go ahead without one.")
        if options["pin"]:
            self.say(f"{visible(pin(options['pin']).name)} is pinned: it stays until it is unpinned.", options)
        elif options["unpin"]:
            self.say(f"{visible(unpin(options['unpin']).name)} is no longer pinned.", options)
        elif options["backups"]:
            self._remove(_rules(options), options)
        elif options["force"]:
            raise UsageError("--force is for backups that are named", "Name them, or leave it out.")
        else:
            self._clean_up(_rules(options), options)

    def _clean_up(self, rules: dict[str, Any], options: dict[str, Any]) -> None:
        where = {"location": options["location"], "on_event": self.notices}
        decided = plan_cleanup(rules, **where)
        remains = find_remains(**where)
        self.say("\n".join(filter(None, (rendering.decisions(decided), rendering.remains(remains)))), options)
        doomed = frozenset((decision.location, decision.name) for decision in decided if not decision.keep)
        to_remove = len(doomed) + len(remains)
        document = {"decisions": [one.as_dict() for one in decided], "remains": [one.as_dict() for one in remains]}
        if not to_remove or options["dry_run"]:
            self.say(f"{to_remove} to remove, {len(decided) - len(doomed)} to keep.", options)
            self._document({**document, "removed": []}, options)
            return
        self._ask(f"{to_remove} of {len(decided) + len(remains)}", options)
        gone = cleanup(rules, among=doomed, **where)
        removed = [(one.location, one.name) for one in gone]
        removed += [(one.location, one.name) for one in remove_remains(**where)]
        self.say(rendering.removed(removed), options)
        self.say(f"{len(removed)} removed, {len(decided) - len(gone)} kept.", options)
        self._document({**document, "removed": [_place(*one) for one in removed]}, options)

    def _remove(self, rules: dict[str, Any], options: dict[str, Any]) -> None:
        if any(rule is not None for rule in rules.values()):
            raise UsageError("backups are named, and rules are given too", "Give names, or rules.")
        which = {"location": options["location"], "force": options["force"], "on_event": self.notices}
        planned = [(one.locations[0], one.name) for one in plan_removal(options["backups"], **which)]
        self.say(rendering.to_remove(planned), options)
        if options["dry_run"]:
            self.say(f"{len(planned)} to remove.", options)
            self._document({"to_remove": [_place(*one) for one in planned], "removed": []}, options)
            return
        self._ask(str(len(planned)), options)
        removed = [(one.locations[0], one.name) for one in remove(options["backups"], **which)]
        self.say(rendering.removed(removed), options)
        self.say(f"{len(removed)} removed.", options)
        self._document({"to_remove": [], "removed": [_place(*one) for one in removed]}, options)

    def _ask(self, what: str, options: dict[str, Any]) -> None:
        require_terminal(options)
        confirm(f"\nType 'yes' to remove {what}: ", "yes", options)

    def _document(self, document: dict[str, Any], options: dict[str, Any]) -> None:
        if options["format"] == "json":
            self.print_json(document)


def _rules(options: dict[str, Any]) -> dict[str, Any]:
    counts = {rule: options[f"keep_{rule}"] for rule in _OVERRIDES}
    if any(count is not None and count < 0 for count in counts.values()):
        raise UsageError("a backup cannot be kept a negative number of times", "Give --keep-… 0 or more.")
    return {**counts, "recent": False if options["no_recent"] else None}


def _place(location: str, name: str) -> dict[str, str]:
    return {"location": location, "name": name}
