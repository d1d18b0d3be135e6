"""What a person calls a table, as the backup knows it: by its name in the database, or by its model."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from holdfast.exceptions import UsageError

# More names than these nobody reads.
_NAMED = 12


def tables_named(manifest: Mapping[str, Any], wanted: Sequence[str]) -> list[str]:
    """Give the names of tables that are meant; one that the backup does not have is an error which lists those it has.

    A table that has the very name goes before a model: `shop.line` may be a table of the schema `shop`.
    """
    names = [table["name"] for table in manifest["tables"]]
    labels = [".".join(filter(None, (table.get("schema"), table["name"]))) for table in manifest["tables"]]
    known, models = {*names, *labels}, _models(manifest, known=set(names))
    found = {text: text if text in known else models.get(text.casefold()) for text in wanted}
    for text, table in found.items():
        if table is None:
            raise UsageError(f"the backup has no table {text!r}", _hint(text, labels, models))
    return list(dict.fromkeys(str(table) for table in found.values()))


def _models(manifest: Mapping[str, Any], known: set[str]) -> dict[str, str]:
    """Give the table of each model of the time of the backup; the core does not look at what is in there."""
    state = manifest.get("django")
    models = state.get("models") if isinstance(state, Mapping) else None
    if not isinstance(models, Mapping):
        return {}
    tables = {label.casefold(): str(model.get("table")) for label, model in models.items() if isinstance(model, dict)}
    return {label: table for label, table in tables.items() if table in known}


def _hint(text: str, labels: Sequence[str], models: Mapping[str, str]) -> str:
    folded = {name.rpartition(".")[2].casefold(): name for name in labels} | dict(models)
    close = get_close_matches(text.casefold(), folded, n=3)
    if close:
        near = " or ".join(dict.fromkeys(folded[name] for name in close))
        return f"Did you mean {near}? A model works too: shop.Line."
    rest = len(labels) - _NAMED
    return f"It has {', '.join(sorted(labels)[:_NAMED])}{f' and {rest} more' if rest > 0 else ''}."
