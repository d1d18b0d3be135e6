"""Whether a plan of migrations needs a backup first, and why."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.module_loading import import_string

from holdfast.document import Document
from holdfast.exceptions import UsageError
from holdfast.premigration.effects import Effect
from holdfast.premigration.plan import MigrationPlan, PlannedMigration, PlannedOperation


@dataclass(frozen=True)
class Verdict(Document):
    """What a policy says of a plan."""

    backup: bool
    reason: str


def judge(policy: str, plan: MigrationPlan) -> Verdict:
    """Ask a policy by its name, or by its dotted path."""
    named = _NAMED.get(policy)
    return named(plan) if named else _asked(policy, plan)


def _smart(plan: MigrationPlan) -> Verdict:
    found = plan.first(Effect.SCHEMA, Effect.UNKNOWN, Effect.IRREVERSIBLE)
    if found:
        return Verdict(backup=True, reason=_because(*found))
    changes = plan.first(Effect.REVERSIBLE)
    if changes:
        return Verdict(
            backup=False, reason=f"rows alone are changed, and there is a reverse for all of it ({changes[0]})"
        )
    return Verdict(backup=False, reason="nothing in the plan touches the database")


def _schema(plan: MigrationPlan) -> Verdict:
    found = plan.first(Effect.SCHEMA, Effect.UNKNOWN)
    if found:
        return Verdict(backup=True, reason=_because(*found))
    return Verdict(backup=False, reason="nothing in the plan changes the schema, and the policy is 'schema'")


def _always(_plan: MigrationPlan) -> Verdict:
    return Verdict(backup=True, reason="the policy is 'always'")


def _never(_plan: MigrationPlan) -> Verdict:
    return Verdict(backup=False, reason="the policy is 'never'")


_NAMED: dict[str, Callable[[MigrationPlan], Verdict]] = {
    "smart": _smart,
    "always": _always,
    "schema": _schema,
    "never": _never,
}


def _because(migration: PlannedMigration, operation: PlannedOperation) -> str:
    what = f"{migration} taken back" if migration.backwards else f"{migration}"
    does = {
        Effect.SCHEMA: "changes the schema",
        Effect.UNKNOWN: "may do anything",
        Effect.IRREVERSIBLE: "changes rows and has no reverse",
    }
    return f"{what} {does[operation.effect]} ({operation.name})"


def _asked(path: str, plan: MigrationPlan) -> Verdict:
    """Ask the project's own callable; what it raises is not ours to hide."""
    try:
        policy = import_string(path)
    except ImportError as error:
        raise UsageError(
            f"the policy {path!r} cannot be imported: {error}", 'Look at HOLDFAST["PRE_MIGRATE"].'
        ) from error
    said = policy(plan)
    if isinstance(said, Verdict):
        return said
    if isinstance(said, bool):
        return Verdict(backup=said, reason=f"{path} says so")
    raise UsageError(
        f"the policy {path!r} gave a {type(said).__name__}", "It must return True, False or a holdfast.Verdict."
    )
