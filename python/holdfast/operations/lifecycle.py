"""The lifecycle rules of a bucket: those that it should have, and how they come there."""

from holdfast import _core, conf
from holdfast.operations.session import own_errors
from holdfast.progress import OnEvent, silent
from holdfast.reports import Lifecycle, WantedRule
from holdfast.stores import named


def lifecycle(store: str, *, apply: bool = False, on_event: OnEvent | None = None) -> Lifecycle:
    """Tell which rules the bucket of a store should have; with `apply` those that it lacks are added to what it has."""
    configuration = conf.load()
    with own_errors():
        plan = named(configuration.stores, store).plan(configuration.directory)
        document = _core.lifecycle({"store": plan, "apply": apply}, on_event or silent)
    return Lifecycle(
        store=store,
        rules=tuple(WantedRule(**rule) for rule in document["rules"]),
        dangers=tuple(document["dangers"]),
        applied=document["applied"],
    )
