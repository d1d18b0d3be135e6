"""What the commands share: exit codes, orderly interrupts, the question before something is destroyed."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser, SystemCheckError

from holdfast import commitment
from holdfast.exceptions import HoldfastError, Interrupted, PartlyDone, UsageError
from holdfast.management.interrupts import orderly_interrupts
from holdfast.progress import ProgressLine
from holdfast.readers import Refused, duration
from holdfast.reports import RestoreReport
from holdfast.visible import encodable, visible, visible_lines


class HoldfastCommand(BaseCommand):
    """Parses, calls `holdfast`, prints; errors become exit codes here and nowhere else."""

    # A restore must run although the project's own checks fail: broken data is the reason for it.
    requires_system_checks: tuple[str, ...] = ()
    interrupted = "interrupted: nothing was changed"
    # Whether the work is done when nobody reads on: `list_backups | head` has seen enough, `backup_db | head` has not.
    only_shows = False

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run with every expected failure as a CommandError with its exit code."""
        try:
            commitment.begin()
            with orderly_interrupts(), _quiet_where_nobody_reads() if self.only_shows else nullcontext():
                return super().execute(*args, **options)
        except (KeyboardInterrupt, Interrupted) as error:
            raise CommandError(self.interrupted, returncode=Interrupted.exit_code) from error
        except HoldfastError as error:
            raise CommandError(with_hint(error), returncode=error.exit_code) from error
        except SystemCheckError as error:
            self.refused(HoldfastError(str(error)), options)
            raise CommandError(visible_lines(str(error)), returncode=UsageError.exit_code) from error

    def refused(self, error: HoldfastError, options: dict[str, Any]) -> None:
        """Do what others have to know of a command that the system checks have stopped."""

    def progress(self, label: str, options: dict[str, Any]) -> ProgressLine:
        """Show progress where somebody watches."""
        return ProgressLine(label, sys.stderr, options["verbosity"])

    def say(self, text: str, options: dict[str, Any]) -> None:
        """Print what is for people, unless they asked for silence or for JSON."""
        if options["verbosity"] > 0 and options.get("format") != "json":
            self.show(text)

    def show(self, text: str) -> None:
        """Print lines of ours on stdout; whatever of others is in them stays harmless."""
        self.stdout.write(encodable(visible_lines(text), getattr(self.stdout, "encoding", None)))

    def notices(self, event: dict[str, Any]) -> None:
        """Print what the core wants people to know; a listener."""
        if event["event"] == "notice":
            self.warn(visible(event["text"]))

    def warn(self, text: str) -> None:
        """Print something that went wrong without ending the command."""
        shown = encodable(visible_lines(text), getattr(self.stderr, "encoding", None))
        self.stderr.write(shown, self.style.WARNING)

    def print_json(self, document: object) -> None:
        """Print one JSON document, the only thing on stdout."""
        self.stdout.write(json.dumps(document, indent=2))


def with_hint(error: HoldfastError) -> str:
    """Give the message, and the hint on a line of its own."""
    return "\n".join(visible(text) for text in (error.message, error.hint) if text)


def add_format(parser: CommandParser) -> None:
    """Add `--format`."""
    parser.add_argument("--format", choices=("text", "json"), default="text", help="What is printed on stdout.")


def add_no_input(parser: CommandParser, *more_names: str) -> None:
    """Add `--no-input` under all its names."""
    parser.add_argument(
        "--noinput", "--no-input", *more_names, action="store_false", dest="interactive", help="Ask nothing, go on."
    )


def add_trust_role(parser: CommandParser) -> None:
    """Add `--trust-role`."""
    parser.add_argument(
        "--trust-role",
        action="append",
        default=[],
        metavar="ROLE",
        help="Run code of the backup that this role owns as a superuser, or beside live objects; repeatable.",
    )


def add_location(parser: CommandParser, default: str, text: str) -> None:
    """Add `--location`."""
    parser.add_argument("--location", metavar="STORE", default=default, help=text)


def refuse_together(options: dict[str, Any], first: str, second: str) -> None:
    """Refuse two options that contradict each other."""
    if options[first] and options[second]:
        names = [f"--{name.replace('_', '-')}" for name in (first, second)]
        raise UsageError(f"{names[0]} and {names[1]} exclude each other", "Give one of them.")


def length_of_time(option: str, text: str) -> timedelta:
    """Read an option such as "12h" or "30d"."""
    try:
        return duration(option, text)
    except Refused as error:
        raise UsageError(f"{text!r} is no length of time", error.problem.hint) from error


def require_terminal(options: dict[str, Any]) -> None:
    """Refuse to start something that will need an answer where nobody can give one."""
    if options["interactive"] and not sys.stdin.isatty():
        raise UsageError(
            "there is no terminal to ask for confirmation on",
            "Look at --dry-run first; then add --no-input to go ahead without a question.",
        )


def confirm(question: str, wanted: str, options: dict[str, Any]) -> None:
    """Go on when exactly the wanted word is typed as it is shown, or when no question is to be asked."""
    if not options["interactive"]:
        return
    try:
        answer = input(visible_lines(question))
    except EOFError:
        answer = ""
    if answer.strip() not in {wanted, visible(wanted)}:
        raise HoldfastError(f"not confirmed: {wanted!r} was not typed, nothing was changed")


@contextmanager
def _quiet_where_nobody_reads() -> Iterator[None]:
    # Whatever else is printed, at the end of Python too, goes nowhere.
    try:
        yield
        if sys.stdout is not None and not sys.stdout.closed:
            sys.stdout.flush()
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def refuse_unfilled(report: RestoreReport) -> None:
    """Fail where a restore that is done has left materialized views empty."""
    if report.unfilled:
        raise PartlyDone(
            f"restored, but these materialized views are empty: {', '.join(report.unfilled)}",
            "The warnings say why; mend that, then run REFRESH MATERIALIZED VIEW for each.",
        )
