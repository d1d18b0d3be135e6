"""Proves backups and remembers the result beside them."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Literal

from holdfast import _core, clock, conf, plans, project, signals
from holdfast.exceptions import InvalidBackup
from holdfast.history import Operation, recorded
from holdfast.operations import rehearsal
from holdfast.operations.choice import locate
from holdfast.operations.session import own_errors
from holdfast.progress import OnEvent, silent
from holdfast.reports import Check, ValidationReport


def validate(
    selector: str = "latest",
    alias: str | None = None,
    *,
    depth: Literal["read", "restore"] = "read",
    on_event: OnEvent | None = None,
) -> ValidationReport:
    """Read a backup whole, or restore it into a scratch place as well, and compare it with its manifest."""
    configuration = conf.load()
    with own_errors():
        try:
            found = locate(configuration, selector, alias)
        except InvalidBackup as error:
            # Known to be no backup at all: a result like any other, with nothing to remember it beside.
            return _unreadable(selector, error)
        drill = None
        if depth == "restore" and "database" in found:
            drill = plans.drill(found["alias"], found["database"]["engine"])
        path = Path(found["path"])
        # No lock: a nightly validation must not keep an hourly backup from running.
        configuration.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        plan = plans.validate_plan(configuration, path, "content", drill)
        about = {"alias": found["alias"], "backup": path.name}
        prove = partial(_prove, path, plan, on_event or silent)
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


def _prove(path: Path, plan: dict[str, Any], on_event: OnEvent, operation: Operation, **about: str) -> ValidationReport:
    with recorded(operation, **about) as run, own_errors():
        document = rehearsal.prove(plan, about["alias"], on_event)
        findings = project.ModelFindings((), ())
        if document["ok"]:
            findings = project.compare_models(_core.read_manifest(str(path)))
        report = _report(path, document, findings)
        _remember(report)
        if not report.ok:
            run.result, run.error = "failed", report.problems[0]
    return report


def _report(path: Path, document: dict[str, Any], findings: project.ModelFindings) -> ValidationReport:
    return ValidationReport(
        name=path.name,
        path=path,
        ok=document["ok"] and not findings.problems,
        deep=document["deep"],
        checks=tuple(Check(**check) for check in document["checks"]),
        problems=(*document["problems"], *findings.problems),
        warnings=(*document["warnings"], *findings.warnings),
        seconds=document["seconds"],
    )


def _unreadable(selector: str, error: InvalidBackup) -> ValidationReport:
    return ValidationReport(
        name=Path(selector).name,
        path=Path(selector),
        ok=False,
        deep=False,
        checks=(),
        problems=(error.message,),
        warnings=(),
        seconds=0.0,
    )


def _remember(report: ValidationReport) -> None:
    verified = {
        "at": clock.now().strftime(plans.CREATED_FORMAT),
        "how": "restored" if report.deep else "read",
        "ok": report.ok,
        "problems": list(report.problems),
    }
    _core.set_status(str(report.path), {"verified": verified})
