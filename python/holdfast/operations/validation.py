"""Proves backups and remembers the result beside them."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from holdfast import _core, conf, databases, plans, project
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
        found = _core.find_backup(str(configuration.directory), selector, alias)
        path = Path(found["path"])
        drill = None
        if depth == "restore" and not found.get("problem"):
            drill = plans.drill(databases.connection_for(found["alias"]))
            configuration.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        document = _core.validate(plans.validate_plan(configuration, path, drill), on_event or silent)
        findings = project.ModelFindings((), ())
        if document["ok"]:
            findings = project.compare_models(_core.read_manifest(str(path)))
        report = ValidationReport(
            name=path.name,
            path=path,
            ok=document["ok"] and not findings.problems,
            deep=document["deep"],
            checks=tuple(Check(**check) for check in document["checks"]),
            problems=(*document["problems"], *findings.problems),
            warnings=findings.warnings,
            seconds=document["seconds"],
        )
        _remember(report)
        return report


def _remember(report: ValidationReport) -> None:
    changes = {
        "verified_at": datetime.now(UTC).strftime(plans.CREATED_FORMAT),
        "verified_how": "restored" if report.deep else "read",
        "verified_ok": report.ok,
    }
    _core.set_status(str(report.path), changes)
