"""`manage.py check_backups`: looks whether the next backup can be made, and whether anybody would hear if not."""

from typing import Any

from django.core.management.base import CommandParser

from holdfast import alarms, rendering
from holdfast.alarms import trial
from holdfast.exceptions import HoldfastError
from holdfast.management.base import HoldfastCommand, add_format
from holdfast.operations import probe


class Command(HoldfastCommand):
    """Looks at the folder, the databases and the stores; with `--notify` also sends a test through each channel."""

    help = "Looks at everything that a backup depends on, makes none, and says what is wrong."
    interrupted = "interrupted: nothing was changed"

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--notify", action="store_true", help="Send a test message through each channel of HOLDFAST['NOTIFY']."
        )
        add_format(parser)

    def handle(self, **options: Any) -> None:
        """Look, send, and tell; one failure of any makes the command fail."""
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
