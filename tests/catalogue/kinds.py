"""All that a database can hold, as the server's own catalogs tell it: what no entry of the catalogue makes, by name.

Of each system catalog there must be a row that an entry made; in its rows every letter that stands for a kind, true and
false of every flag, a value in every column that may be empty, and an owner other than the usual one. A new major brings
its new catalogs and columns along.
"""

from __future__ import annotations

import json

from tests.servers import Server

# Every column of type "char": what it may say, as the manual's chapter "System Catalogs" has it.
LETTERS = {
    "pg_aggregate.aggfinalmodify": "rsw",
    "pg_aggregate.aggkind": "noh",
    "pg_aggregate.aggmfinalmodify": "rsw",
    "pg_am.amtype": "it",
    "pg_amop.amoppurpose": "so",
    "pg_attribute.attalign": "csid",
    "pg_attribute.attcompression": "pl",
    "pg_attribute.attgenerated": "sv",
    "pg_attribute.attidentity": "ad",
    "pg_attribute.attstorage": "pexm",
    "pg_cast.castcontext": "eai",
    "pg_cast.castmethod": "fib",
    "pg_class.relkind": "rpiISvmcf",
    "pg_class.relpersistence": "pu",
    "pg_class.relreplident": "dnfi",
    "pg_collation.collprovider": "bci",
    "pg_constraint.confdeltype": "arcnd",
    "pg_constraint.confmatchtype": "fs",
    "pg_constraint.confupdtype": "arcnd",
    "pg_constraint.contype": "cfnpuxt",
    "pg_default_acl.defaclobjtype": "rSfTnL",
    "pg_event_trigger.evtenabled": "ODRA",
    "pg_operator.oprkind": "bl",
    "pg_partitioned_table.partstrat": "rlh",
    "pg_policy.polcmd": "*rawd",
    "pg_proc.prokind": "fpaw",
    "pg_proc.proparallel": "sru",
    "pg_proc.provolatile": "isv",
    "pg_publication.pubgencols": "ns",
    "pg_rewrite.ev_enabled": "ODRA",
    "pg_rewrite.ev_type": "1234",
    "pg_trigger.tgenabled": "ODRA",
    "pg_type.typalign": "csid",
    "pg_type.typcategory": "ACENRSU",
    "pg_type.typdelim": ",",
    "pg_type.typstorage": "pexm",
    "pg_type.typtype": "bcdermp",
}

# Catalogs of the server's own bookkeeping, and of rows.
BOOKKEEPING = {
    "pg_depend",
    "pg_init_privs",
    "pg_largeobject",
    "pg_statistic",
    "pg_statistic_ext_data",
    "pg_subscription_rel",
}

# Columns that follow from others, or that no statement sets.
DERIVED = {
    "pg_attribute.attbyval", "pg_attribute.atthasmissing", "pg_attribute.attmissingval", "pg_class.relhasindex",
    "pg_class.relhasrules", "pg_class.relhassubclass", "pg_class.relhastriggers", "pg_class.relisshared",
    "pg_collation.collversion", "pg_extension.extrelocatable", "pg_index.indcheckxmin", "pg_index.indisready",
    "pg_index.indislive", "pg_index.indisvalid", "pg_inherits.inhdetachpending", "pg_trigger.tgisinternal",
    "pg_type.typbyval",
}  # fmt: skip

# Which may have a comment: all but parts of something else.
WITHOUT_COMMENT = {
    "pg_amop", "pg_amproc", "pg_attrdef", "pg_default_acl", "pg_enum", "pg_publication_namespace", "pg_publication_rel",
    "pg_user_mapping",
}  # fmt: skip

# What no entry can show, and why.
EXCUSED = {
    # No package of a server brings a provider of labels.
    "pg_seclabel",
    # Their servers are built without it.
    "pg_attribute.attcompression = l",
    # None of their extensions keeps rows for its users; a test in Rust writes one that does.
    "pg_extension.extconfig", "pg_extension.extcondition",
    # pg_dump gives extensions to whoever restores.
    "pg_extension.extowner",
    # Those of the server itself; CREATE LANGUAGE makes procedural ones.
    "pg_language.lanispl = false",
    # They are the database's, not in it: pg_dump tells them with --create alone.
    "setting of the database", "setting of a role in the database",
}  # fmt: skip

# What hangs on the database in a catalog that all databases share.
SHARED = {
    "pg_subscription": "pg_subscription WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())",
    "setting of the database": "pg_db_role_setting WHERE setdatabase <> 0 AND setrole = 0",
    "setting of a role in the database": "pg_db_role_setting WHERE setdatabase <> 0 AND setrole <> 0",
}

# The rows that somebody made and no extension brought: `theirs` is what belongs to extensions.
PREPARE = """
    CREATE TEMPORARY TABLE theirs AS
    WITH RECURSIVE theirs(class, object) AS (
        SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
         UNION
        SELECT classid, objid FROM pg_depend JOIN theirs ON refclassid = class AND refobjid = object
         WHERE deptype IN ('i', 'a'))
    SELECT * FROM theirs;
"""

# The first column of a catalog names the object that the row is of, or is part of.
COLUMNS = f"""
    SELECT json_agg(json_build_object('catalog', c.relname, 'column', a.attname, 'type', a.atttypid::regtype,
               'optional', NOT a.attnotnull, 'key', key.attname, 'class', coalesce(
                   (SELECT pktable::regclass::text FROM pg_get_catalog_foreign_keys()
                     WHERE fktable = c.oid AND fkcols = ARRAY[key.attname::text]), c.relname)) ORDER BY c.relname, a.attnum)
      FROM pg_class c
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
      JOIN pg_attribute key ON key.attrelid = c.oid AND key.attnum = 1
     WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r' AND NOT c.relisshared
       AND c.relname <> ALL ('{{{",".join(BOOKKEEPING)}}}');
"""


def lacking(server: Server, database: str) -> set[str]:
    columns = json.loads(server.psql(COLUMNS, database))
    questions: dict[str, str] = {}
    for column in columns:
        catalog, name, kind, key = column["catalog"], column["column"], column["type"], column["key"]
        made = (
            f"{catalog} WHERE {key} >= 16384 AND NOT EXISTS "
            f"(SELECT FROM theirs WHERE class = '{column['class']}'::regclass AND object = {key})"
        )
        label = f"{catalog}.{name}"
        if name == key:
            questions[catalog] = made
            if key == "oid" and catalog not in WITHOUT_COMMENT:
                # Those of large objects name the catalog of their rows.
                described = catalog.removesuffix("_metadata")
                questions[f"comment on {catalog}"] = (
                    f"{made} AND EXISTS (SELECT FROM pg_description"
                    f" WHERE objoid = {catalog}.oid AND classoid = '{described}'::regclass)"
                )
        elif label in DERIVED:
            continue
        elif kind == '"char"':
            questions |= {f"{label} = {letter}": f"{made} AND {name} = '{letter}'" for letter in LETTERS[label]}
        elif kind == "boolean":
            questions |= {f"{label} = {value}": f"{made} AND {name} = {value}" for value in ("true", "false")}
        elif column["optional"]:
            questions[label] = f"{made} AND {name} IS NOT NULL"
        elif name.endswith("owner"):
            questions[label] = f"{made} AND {name} <> 10"
    questions |= SHARED
    asked = " UNION ALL ".join(
        f"SELECT '{question}' WHERE NOT EXISTS (SELECT FROM {where})" for question, where in questions.items()
    )
    return set(server.psql(PREPARE + asked, database).splitlines())
