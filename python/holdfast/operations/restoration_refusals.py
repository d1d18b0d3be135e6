"""What a restore refuses before it looks at a database: what the backup cannot give."""

from holdfast.exceptions import UsageError
from holdfast.operations.choice import Choice
from holdfast.plans import RestoreOptions


def refuse_nonsense(choice: Choice, options: RestoreOptions) -> None:
    """Fail where SQLite is asked for what it has not, or for rows that the backup lacks: live ones would go."""
    if options.get("strategy") == "swap" and choice.connection.vendor == "sqlite":
        raise UsageError("a SQLite database is restored in place", "Run the command again without --strategy.")
    if options.get("schemas") and choice.connection.vendor == "sqlite":
        raise UsageError("a SQLite database has no schemas", "Name its tables, each with --table.")
    scope, chosen = options.get("scope", "full"), set(options.get("tables", ()))
    if scope == "data-only" and choice.manifest["content"] == "schema-only":
        raise UsageError(f"the backup {choice.name} holds no rows at all", "It was made with --schema-only.")
    if scope == "schema-only" or choice.manifest["content"] == "schema-only":
        return
    for label, name in without_rows(choice).items():
        if {label, name} & chosen:
            raise UsageError(
                f"the backup {choice.name} was made without the rows of {label}",
                "Choose a backup that has them; --schema-only brings back the empty table.",
            )


def without_rows(choice: Choice) -> dict[str, str]:
    """Give the tables that the backup holds no rows of, each with its label."""
    # The rows of a virtual table are in its shadow tables, unless it was named itself.
    virtual = set(choice.manifest["database"].get("properties", {}).get("virtual_tables", []))
    virtual.difference_update(*choice.manifest.get("exclusions", {}).values())
    tables = [table for table in choice.manifest["tables"] if table["rows"] is None and table["name"] not in virtual]
    return {".".join(filter(None, (table.get("schema"), table["name"]))): table["name"] for table in tables}
