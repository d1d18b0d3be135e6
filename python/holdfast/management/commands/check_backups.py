"""`manage.py check_backups`: looks whether the next backup can be made, and whether anybody would hear if not."""

from typing import Any

from django.core.management.base import CommandParser

from holdfast import alarms, rendering
from holdfast.alarms import trial
from holdfast.exceptions import HoldfastError, UsageError
from holdfast.management.base import HoldfastCommand, add_format, refuse_together
from holdfast.operations import probe
from holdfast.operations.lifecycle import lifecycle


class Command(HoldfastCommand):
    """Looks at the folder, the databases and the stores; with `--notify` also sends a test through each channel."""

    help = "Looks at everything that a backup depends on, makes none, and says what is wrong."
    interrupted = "interrupted: nothing was changed"

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--notify", action="store_true", help="Send a test message through each channel of HOLDFAST['NOTIFY']."
        )
        parser.add_argument(
            "--lifecycle",
            metavar="STORE",
            help="Instead: show the lifecycle rules that this store's bucket should have.",
        )
        parser.add_argument("--apply", action="store_true", help="With --lifecycle: add those that it lacks.")
        add_format(parser)

    def handle(self, **options: Any) -> None:
        """Look, send, and tell; one failure of any makes the command fail."""
        refuse_together(options, "lifecycle", "notify")
        if options["apply"] and not options["lifecycle"]:
            raise UsageError("--apply is about --lifecycle", "Name a store: --lifecycle STORE --apply.")
        if options["lifecycle"]:
            self._lifecycle(options)
            return
        probes = probe()
        deliveries = trial.send_trials() if options["notify"] else ()
        if options["format"] == "json":
            self.print_json(
                {
                    "probes": [found.as_dict() for found in probes],
                    "channels": [delivery.as_dict() for delivery in deliveries],
                }
            )
        for found in probes:
            verdict = {"ok": found.ok, "doubtful": found.doubtful}
            self.say(rendering.finding(found.subject, found.detail, found.hint, **verdict), options)
        for delivery in deliveries:
            subject = f"channel {delivery.name}"
            self.say(rendering.finding(subject, delivery.detail, delivery.hint, ok=delivery.ok), options)
        alarms.review()
        if options["notify"] and not deliveries:
            raise HoldfastError("there is no channel to test", 'Name one in HOLDFAST["NOTIFY"].')
        failed = [f.subject for f in probes if not f.ok] + [f"channel {d.name}" for d in deliveries if not d.ok]
        if failed:
            raise HoldfastError(f"not ready: {', '.join(failed)}", "What is wrong with each is above.")

    def _lifecycle(self, options: dict[str, Any]) -> None:
        found = lifecycle(options["lifecycle"], apply=options["apply"], on_event=self.notices)
        if options["format"] == "json":
            self.print_json(found.as_dict())
        for rule in found.rules:
            detail = f"has a rule that {rule.purpose}" if rule.is_there else f"lacks a rule that {rule.purpose}"
            hint = f"Add it as {rule.id}: manage.py check_backups --lifecycle {found.store} --apply"
            self.say(rendering.finding(f"store {found.store}", detail, hint, ok=rule.is_there), options)
        for danger in found.dangers:
            self.say(rendering.finding(f"store {found.store}", danger, None, ok=True, doubtful=True), options)
        if not found.is_complete:
            raise HoldfastError("the bucket lacks rules", "They are above; --apply adds them to those that it has.")
