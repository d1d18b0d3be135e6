"""Does for SQLite what the core does for PostgreSQL: only Django's own library may open the live file."""

from typing import Any

from holdfast import _core, sqlite
from holdfast.operations.choice import Choice, prove
from holdfast.operations.session import private_file
from holdfast.progress import OnEvent


def compare(choice: Choice, plan: dict[str, Any], on_event: OnEvent) -> dict[str, Any]:
    """Tell what a restore would do, in the shape of the core's preview."""
    prove(choice, on_event)
    before = sqlite.current_counts(choice.connection)
    with_rows = plan["scope"] != "schema-only"
    after = {table["name"]: table["rows"] if with_rows else 0 for table in choice.manifest["tables"]}
    if plan["scope"] == "data-only":
        # Tables whose rows the backup lacks keep those that they have.
        after = {name: before.get(name) if rows is None else rows for name, rows in after.items()}
    chosen = plan["tables"] or list(after)
    # Nobody counts the rows of a virtual table: whether it is there is not known here.
    virtual = choice.manifest["database"].get("properties", {}).get("virtual_tables", [])
    left = [name for name in before if name not in chosen]
    # Only a whole definition says what must not be there.
    dropped = [] if plan["tables"] or plan["scope"] == "data-only" else left
    return {
        "strategy": "in-place",
        "reason": "",
        "kept_as": None,
        "tables": [
            {"label": name, "before": before.get(name), "after": after.get(name)} for name in [*chosen, *dropped]
        ],
        "drops": [{"kind": "table", "name": name} for name in dropped],
        "creates": [{"kind": "table", "name": name} for name in chosen if name not in {*before, *virtual}],
        "keeps": [f"table {name}" for name in left if name not in dropped],
        "warnings": [],
    }


def replace(choice: Choice, plan: dict[str, Any], on_event: OnEvent) -> dict[str, Any]:
    """Build a private file, then bring it into the live database in one transaction."""
    connection, timeout_seconds = choice.connection, choice.configuration.lock_timeout_seconds
    with private_file(choice.configuration.directory, connection.alias) as private:
        plan["target"].update(file=str(private), page_size=sqlite.live_page_size(connection))
        document = _core.restore(plan, on_event)
        if plan["scope"] == "data-only":
            tables = plan["tables"] or _own_tables(choice.manifest)
            said = sqlite.replace_tables(connection, private, tables, "data-only", timeout_seconds=timeout_seconds)
        elif plan["tables"]:
            said = sqlite.replace_tables(connection, private, plan["tables"], "full", timeout_seconds=timeout_seconds)
        else:
            said = []
            sqlite.thaw(connection, private, timeout_seconds=timeout_seconds)
        document["warnings"] += said
    if plan["tables"] and plan["scope"] != "schema-only":
        # The core counted the private file, which always holds all tables.
        restored = [table for table in choice.manifest["tables"] if table["name"] in plan["tables"]]
        document.update(tables=len(restored), rows=sum(table["rows"] or 0 for table in restored))
    return document


def _own_tables(manifest: dict[str, Any]) -> list[str]:
    # SQLite's own tables follow the tables that they serve; a table without rows in the backup keeps those it has.
    return [
        table["name"]
        for table in manifest["tables"]
        if table["rows"] is not None and not table["name"].startswith("sqlite_")
    ]
