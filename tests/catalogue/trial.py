"""One server with the whole catalogue in a database, its backups, and what came back from them in each mode."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import holdfast
from tests.catalogue.entry import Entry, ModeName
from tests.catalogue.modes import MODES, Mode, quoted
from tests.deployment import Deployment
from tests.servers import Server, ServerError

Content = Literal["full", "schema-only"]

USES = """
SET search_path = '';
SELECT DISTINCT pg_describe_object(classid, objid, 0) || ' uses ' || pg_describe_object(refclassid, refobjid, 0)
  FROM pg_depend WHERE deptype = 'n' AND objid >= 16384 AND refobjid >= 16384 AND classid <> 'pg_cast'::regclass AND refclassid
    IN ('pg_operator'::regclass, 'pg_proc'::regclass, 'pg_type'::regclass, 'pg_collation'::regclass, 'pg_opclass'::regclass)
   -- One for each partition that the key refers to, under a name that the server makes up.
   AND NOT EXISTS (SELECT FROM pg_constraint o WHERE classid = 'pg_constraint'::regclass AND o.oid = objid
                      AND contype = 'f' AND conparentid <> 0)
"""


ROLES = "SELECT coalesce(json_agg(rolname), '[]') FROM pg_roles WHERE NOT rolsuper"


class Trial:
    def __init__(self, server: Server, folder: Path, entries: Sequence[Entry]) -> None:
        self.server = server
        self.folder = folder
        self.entries = entries
        self._made: dict[object, Any] = {}

    def once(self, key: object, make: Callable[[], Any]) -> Any:
        """Make something at its first use; where that fails, fail in the same way again at once."""
        if key not in self._made:
            try:
                self._made[key] = make()
            except Exception as error:  # noqa: BLE001 - every test that needs it fails with it
                self._made[key] = error
        if isinstance(self._made[key], Exception):
            raise self._made[key].with_traceback(None)
        return self._made[key]

    @property
    def original(self) -> str:
        return self.once("original", self._create)

    def _create(self) -> str:
        self.server.create_database("original")
        for entry in self.entries:
            try:
                self.server.psql(entry.create, "original")
            except ServerError as error:
                raise AssertionError(f"the entry {entry.name} cannot be created: {error}") from error
        return "original"

    def foundation(self) -> str:
        """The statements that create what is in no schema and what parts may need: extensions, access methods of tables."""
        return self.server.psql(
            "SELECT format('CREATE SCHEMA IF NOT EXISTS %1$I; CREATE EXTENSION IF NOT EXISTS %2$I SCHEMA %1$I;', "
            "nspname, extname) FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace "
            "WHERE extname <> 'plpgsql' ORDER BY pg_extension.oid;"
            "SELECT format('CREATE ACCESS METHOD %I TYPE TABLE HANDLER %s;', amname, amhandler) FROM pg_am "
            "WHERE oid >= 16384 AND amtype = 't' ORDER BY oid",
            self.original,
        )

    @property
    def tables(self) -> list[tuple[str, str]]:
        """Schema and name of each that the mode `one-table` restores."""
        names = [entry.table.partition(".") for entry in self.entries if entry.table]
        return [(schema, table) for schema, _, table in names]

    @property
    def sequences(self) -> list[tuple[str, str]]:
        """Schema and name of each that comes with these tables."""
        tables = json.dumps([f"{quoted(schema)}.{quoted(table)}" for schema, table in self.tables])
        names = (
            "SELECT coalesce(json_agg(json_build_array(nspname, relname)), '[]') FROM pg_depend"
            " JOIN pg_class c ON c.oid = objid JOIN pg_namespace n ON n.oid = relnamespace"
            " WHERE classid = 'pg_class'::regclass AND relkind = 'S' AND deptype IN ('a', 'i') AND refobjid IN"
            f" (SELECT value::regclass FROM json_array_elements_text($json${tables}$json$))"
        )
        found = self.once("sequences", lambda: json.loads(self.server.psql(names, self.original)))
        return [(schema, sequence) for schema, sequence in found]

    @property
    def schemas(self) -> list[str]:
        """Those that the mode `one-schema` restores: of all entries that are in a schema whole."""
        elsewhere = [f"cat_{entry.name}" for entry in self.entries if "one-schema" in entry.absent]
        names = (
            "SELECT json_agg(nspname) FROM pg_namespace WHERE oid >= 16384 AND nspname !~ '^pg_'"
            f" AND nspname <> ALL ('{{{','.join(elsewhere)}}}')"
        )
        return self.once("schemas", lambda: json.loads(self.server.psql(names, self.original)))

    def backup(self, content: Content = "full") -> str:
        return self.once(("backup", content), lambda: self._back_up(content))

    def _back_up(self, content: Content) -> str:
        with self._deployment(self.original).in_process():
            return str(holdfast.backup("default", content=content, verify="full").path)

    @cached_property
    def script(self) -> str:
        """What `zcat` prints of the full backup."""
        return gzip.decompress(Path(self.backup()).read_bytes()).decode()

    def restore(self, database: str, backup: str | None = None, **options: Any) -> None:
        given = {"owners": "apply", "verify": "full", "safety_backup": "skip", **options}
        backup = backup or self.backup()
        with self._deployment(database).in_process():
            holdfast.restore(backup, "default", **given)

    def drill(self) -> list[str]:
        """Restore the backup in a scratch place, as `validate_backup --deep` does; give what is wrong with it."""
        with self._deployment(self.original).in_process():
            report = holdfast.validate(self.backup(), depth="restore")
        return list(report.problems)

    def _deployment(self, database: str) -> Deployment:
        engine = {"ENGINE": "django.db.backends.postgresql", "NAME": database}
        address = {"HOST": self.server.host, "PORT": str(self.server.port)}
        account = {"USER": self.server.user, "PASSWORD": self.server.password}
        # We are a superuser here, and the code of the entries is known.
        trusted = {"TRUSTED_ROLES": json.loads(self.server.psql(ROLES))}
        return Deployment(self.folder, {"default": engine | address | account}, self.server, trusted)

    def restored(self, mode: ModeName) -> str:
        """The database that was restored in this mode."""
        return self.once(mode, lambda: self._restored(MODES[mode]))

    def _restored(self, mode: Mode) -> str:
        database = f"restored {mode.name}"
        self.server.psql(f"CREATE DATABASE {quoted(database)} TEMPLATE template0")
        self.server.psql(mode.into(self), database)
        self.server.psql(f"CREATE DATABASE {quoted(self.before(mode.name))} TEMPLATE {quoted(database)}")
        mode.restore(self, database)
        return database

    @staticmethod
    def before(mode: ModeName) -> str:
        """A copy of the database as it was when the restore began."""
        return f"before {mode}"

    def text(self, database: str, *options: str) -> str:
        return self.once(("text", database, options), lambda: self.server.pg_dump(database, *options))

    def uses(self, database: str) -> str:
        return self.once(("uses", database), lambda: self.server.psql(USES, database))

    def count(self, entry: Entry, database: str) -> int:
        return len(re.findall(entry.shows, self.text(database)))
