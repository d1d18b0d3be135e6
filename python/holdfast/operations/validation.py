"""Proves backups and remembers the result beside them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack

from holdfast import _core, clock, conf, places, plans, project, signals
from holdfast.exceptions import InvalidBackup
from holdfast.folder import prepare
from holdfast.history import Operation, recorded
from holdfast.inventory import Backup
from holdfast.operations import rehearsal
from holdfast.operations.cache import near
from holdfast.operations.choice import locate_any
from holdfast.operations.session import own_errors
from holdfast.progress import OnEvent, silent
from holdfast.reports import OBJECTION, Check, ValidationReport, local_path
from holdfast.stores import ALL, LOCAL

Depth = Literal["quick", "read", "restore"]


class ValidateOptions(TypedDict, total=False):
    """What a caller may choose besides."""

    # The store to look in; everywhere where nothing else is said.
    location: str
    # Roles without superuser rights whose code a drill may run, besides those of the settings.
    trusted_roles: Sequence[str]


def validate(
    selector: str = "latest",
    alias: str | None = None,
    *,
    depth: Depth = "read",
    on_event: OnEvent | None = None,
    **options: Unpack[ValidateOptions],
) -> ValidationReport:
    """Read a backup whole, or restore it into a scratch place as well, and compare it with its manifest.

    A quick look compares sizes, the manifest and what the store says of the file; it proves nothing, and is not
    remembered as a proof.
    """
    configuration = conf.load()
    with own_errors():
        try:
            found = locate_any(configuration, selector, alias, options.get("location", ALL), on_event)
        except InvalidBackup as error:
            # Known to be no backup at all: a result like any other, with nothing to remember it beside.
            return _unreadable(selector, error)
        drill = None
        if depth == "restore" and "database" in found:
            trusted = options.get("trusted_roles", ())
            drill = plans.drill(configuration, found["alias"], found["database"]["engine"], trusted)
        place = places.place(configuration, found)
        # No lock: a nightly validation must not keep an hourly backup from running.
        prepare(configuration.directory)
        plan = plans.validate_plan(configuration, place, "quick" if depth == "quick" else "content", drill)
        about = {"alias": found["alias"], "backup": found["name"]}
        prove = partial(_prove, found, plan, on_event or silent)
        return prove("validation", **about) if drill is None else _drill(prove, **about)


def _drill(prove: Callable[..., ValidationReport], **about: str) -> ValidationReport:
    signals.tell(signals.drill_started, **about)
    try:
        report = prove("drill", **about)
    except BaseException as error:
        signals.tell(signals.drill_failed, error=error, **about)
        raise
    if report.ok:
        signals.tell(signals.drill_finished, report=report, **about)
    else:
        signals.tell(signals.drill_failed, error=InvalidBackup(report.problems[0]), **about)
    return report


def _prove(
    found: dict[str, Any], plan: dict[str, Any], on_event: OnEvent, operation: Operation, **about: str
) -> ValidationReport:
    quick = plan["depth"] == "quick"
    with recorded(operation, **about) as run, own_errors():
        if quick:
            report = _compared(found, plan, on_event, quick=True)
        else:
            with near(conf.load(), plan["backup"], found["stored_size"], on_event) as place:
                report = _compared(found, {**plan, "backup": place}, on_event, quick=False)
                # What the project's checks said last stands until they have looked again.
                earlier = Backup.from_document(found).objections
                # A file that is missing has nothing to remember it beside; every listing tells that it is missing.
                # What was unpacked is no backup, and no listing shows it.
                remembers = found["stored_size"] and found["unpacked"] is None
                if remembers:
                    _remember(plan["backup"], replace(report, objections=earlier))
                if plan["drill"] is not None and report.ok:
                    report = _looked_at(report, rehearsal.look(place, about["alias"], plan["drill"], on_event))
                    if remembers and report.objections != earlier:
                        _remember(plan["backup"], report)
        if not report.ok:
            run.result, run.error = "failed", report.problems[0]
        elif report.objections:
            run.error = f"{OBJECTION}: {report.objections[0]}"
    return report


def _compared(found: dict[str, Any], plan: dict[str, Any], on_event: OnEvent, *, quick: bool) -> ValidationReport:
    document = _core.validate(plan, on_event)
    findings = project.ModelFindings((), ())
    if document["ok"]:
        findings = project.compare_models(_core.read_manifest(plan["backup"], on_event))
    return _report(found, document, findings, quick=quick)


def _looked_at(report: ValidationReport, checks: Sequence[Check]) -> ValidationReport:
    objections = tuple(f"{check.name}: {check.detail}" for check in checks if not check.ok)
    return replace(report, checks=(*report.checks, *checks), objections=objections)


def _report(
    found: dict[str, Any], document: dict[str, Any], findings: project.ModelFindings, *, quick: bool
) -> ValidationReport:
    return ValidationReport(
        name=found["name"],
        path=local_path(found),
        location=found["location"],
        ok=document["ok"] and not findings.problems,
        deep=document["deep"],
        quick=quick,
        checks=tuple(Check(**check) for check in document["checks"]),
        problems=(*document["problems"], *findings.problems),
        warnings=(*document["warnings"], *findings.warnings),
        seconds=document["seconds"],
    )


def _unreadable(selector: str, error: InvalidBackup) -> ValidationReport:
    return ValidationReport(
        name=Path(selector).name,
        path=Path(selector),
        location=LOCAL,
        ok=False,
        deep=False,
        quick=False,
        checks=(),
        problems=(error.message,),
        warnings=(),
        seconds=0.0,
    )


def _remember(place: dict[str, Any], report: ValidationReport) -> None:
    verified = {
        "at": clock.utc_text(clock.now()),
        "how": "restored" if report.deep else "read",
        "ok": report.ok,
        "problems": list(report.problems),
        "objections": list(report.objections),
    }
    _core.set_status({"backup": place, "change": {"verified": verified}}, silent)
