"""A restore by a swap: a new database takes the live one's name, and the live one is kept under another."""

from __future__ import annotations

import re
import secrets
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

import holdfast
from tests.deployment import PATIENCE, Deployment
from tests.integration.test_commit import LosingProxy, Loss
from tests.integration.test_kill import INTERRUPTIONS, SIGNALS, Kills, duration, is_over, stop
from tests.integration.test_parallel_restore import LOADING, SLOW
from tests.integration.test_round_trip import assert_dumped_alike
from tests.servers import MAJORS, Server, ServerError, start
from tests.templates import Deploy

SWAP = ("restore_db", "latest", "--strategy", "swap", "--no-input")
UNDO = ("restore_db", "--undo", "--no-input")
DROP_OLD = ("restore_db", "--drop-old", "--no-input")

Shop = Callable[..., Deployment]

CONTENT = """
    CREATE TABLE item (id bigint PRIMARY KEY, name text NOT NULL);
    INSERT INTO item SELECT n, 'item ' || n FROM generate_series(1, 500) n;
    CREATE INDEX item_name ON item (name);
"""


HEAVY_ROWS = 60_000
HEAVY = CONTENT.replace("500", str(HEAVY_ROWS))


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@pytest.fixture
def shop(servers: Callable[[int], Server], tmp_path: Path) -> Iterator[Shop]:
    """Makes a small database that belongs to a role which may create databases and nothing else."""
    made: list[tuple[Server, str, str]] = []

    def deployment(
        name: str = "", *, major: int = 18, role: str = "LOGIN CREATEDB", content: str = CONTENT
    ) -> Deployment:
        server, mark = servers(major), secrets.token_hex(4)
        name, user, secret = name or f"shop_{mark}", f"owner_{mark}", secrets.token_hex(8)
        server.create_role(user, role, password=secret)
        server.psql(f"CREATE DATABASE {quoted(name)} OWNER {user}")
        made.append((server, name, user))
        server.psql(f"SET SESSION AUTHORIZATION {user}; {content}", name)
        folder = tmp_path / mark
        folder.mkdir()
        address = {"HOST": server.host, "PORT": str(server.port), "USER": user, "PASSWORD": secret}
        return Deployment(
            folder, {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": name, **address}}, server
        )

    yield deployment
    for server, name, user in made:
        for database in (name, *others(server, user)):
            server.psql(f"DROP DATABASE IF EXISTS {quoted(database)} WITH (FORCE)")
        server.psql(f"DROP OWNED BY {user}; DROP ROLE {user}")


def others(server: Server, user: str) -> list[str]:
    return server.psql(f"SELECT datname FROM pg_database WHERE datdba = '{user}'::regrole").splitlines()


def kept(deployment: Deployment) -> list[str]:
    """The databases that were put aside, the newest first."""
    with deployment.in_process():
        return [one.name for one in holdfast.kept_databases()]


def scratch(server: Server) -> str:
    return server.psql("SELECT datname FROM pg_database WHERE datname LIKE 'holdfast%'")


def database_level(server: Server, name: str) -> list[str]:
    """What pg_dump says of the database as a whole."""
    lines = server.pg_dump(name, "--create", "--schema-only").splitlines()
    return [line for line in lines if re.search(r"\bDATABASE\b", line) and not line.startswith(("--", "DROP"))]


PROPERTIES = """
    ALTER DATABASE {name} SET work_mem = '7MB';
    ALTER DATABASE {name} SET search_path = "$user", public, "with, comma";
    ALTER DATABASE {name} SET app.colour = 'it''s \\green';
    ALTER ROLE keeper IN DATABASE {name} SET statement_timeout = '5min';
    ALTER DATABASE {name} CONNECTION LIMIT 17;
    COMMENT ON DATABASE {name} IS 'the shop''s own';
    REVOKE CONNECT ON DATABASE {name} FROM PUBLIC;
    GRANT CONNECT, CREATE ON DATABASE {name} TO holdfast_reader WITH GRANT OPTION;
    SET ROLE holdfast_reader;
    GRANT CONNECT ON DATABASE {name} TO pg_monitor;
    RESET ROLE;
    ALTER DATABASE {name} IS_TEMPLATE true;
"""


@pytest.mark.parametrize("major", MAJORS)
def test_a_swap_is_a_whole_restore(deploy: Deploy, major: int) -> None:
    deployment = deploy(major)
    server, name = deployment.server, deployment.name()
    assert server is not None
    server.psql(PROPERTIES.format(name=name))
    server.psql("REVOKE ALL ON SCHEMA public FROM PUBLIC; GRANT USAGE ON SCHEMA public TO holdfast_reader", name)
    before = {"default": deployment.state()}
    whole = database_level(server, name)
    assert len(whole) > len(database_level(server, deployment.name("second"))) + 6
    deployment.run("backup_db", "--database", "default")
    deployment.wreck()
    files = deployment.files()
    try:
        outcome = deployment.run(*SWAP, "--owners", "--verify")
        (old,) = kept(deployment)
        deployment.assert_unchanged(before)
        assert f"The old database is kept as {old}" in outcome.out
        assert database_level(server, name) == whole
        assert database_level(server, old) == [line.replace(name, quoted(old)) for line in whole]
        # The old one is whole, so no backup of it was made.
        assert deployment.files() == files
        server.psql("GRANT USAGE ON SCHEMA public TO PUBLIC; REVOKE ALL ON SCHEMA public FROM holdfast_reader", name)
        assert_dumped_alike(server, name)
    finally:
        for database in [name, *kept(deployment)]:
            server.psql(f"ALTER DATABASE {quoted(database)} IS_TEMPLATE false")
        deployment.run(*DROP_OLD)


@pytest.mark.parametrize("major", MAJORS)
def test_a_swap_back_and_forth(shop: Shop, major: int) -> None:
    deployment = shop(major=major)
    server = deployment.server
    assert server is not None
    deployment.run("backup_db")
    deployment.execute(
        f"SET SESSION AUTHORIZATION {deployment.databases['default']['USER']}; DELETE FROM item WHERE id > 100; CREATE TABLE later ()"
    )
    old, comment = deployment.state(), "COMMENT ON DATABASE {} IS 'mine'"
    server.psql(comment.format(deployment.name()))
    deployment.run(*SWAP)
    new = deployment.state()
    assert count(deployment) == 500
    (aside,) = kept(deployment)
    assert re.fullmatch(rf"{deployment.name()}__before_\d{{8}}T\d{{6}}", aside)
    plan = deployment.run("restore_db", "--undo", "--dry-run")
    assert aside in plan.out and kept(deployment) == [aside]
    done = deployment.run(*UNDO)
    deployment.assert_unchanged({"default": old})
    (put_aside,) = kept(deployment)
    assert put_aside != aside and put_aside in done.out
    deployment.run(*UNDO)
    deployment.assert_unchanged({"default": new})
    deployment.run(*SWAP)
    listed = deployment.run("restore_db", "--drop-old", "--dry-run")
    assert len(kept(deployment)) == 2
    assert all(f"   {name} (" in listed.out for name in kept(deployment))
    assert "Dropped 2." in deployment.run(*DROP_OLD).out
    assert kept(deployment) == []
    assert "no database was put aside" in deployment.run(*UNDO, code=2).err
    assert "No database was put aside." in deployment.run(*DROP_OLD).out


def count(deployment: Deployment) -> int:
    return int(deployment.execute("SELECT count(*) FROM item")[0][0])


NAMES = ("n" * 63, 'say "hi" \\ $1', "Größe und Maß", "x" * 20 + "é" * 21, "m" * 38, "m" * 39, "SELECT")


@pytest.mark.parametrize("name", NAMES)
def test_names_of_every_kind(shop: Shop, name: str) -> None:
    deployment = shop(name)
    server = deployment.server
    assert server is not None
    deployment.run("backup_db")
    for rows in (100, 50):
        deployment.execute(f"DELETE FROM item WHERE id > {rows}")
        deployment.run(*SWAP)
        assert count(deployment) == 500
    newest, oldest = kept(deployment)
    assert len(newest.encode()) <= 63
    assert [server.psql("SELECT count(*) FROM item", f"dbname='{escaped(one)}'") for one in (newest, oldest)] == [
        "50",
        "100",
    ]
    deployment.run(*UNDO)
    assert count(deployment) == 50
    deployment.run(*DROP_OLD)
    assert kept(deployment) == []


def escaped(name: str) -> str:
    return re.sub(r"([\\'])", r"\\\1", name)


def test_two_databases_whose_names_begin_alike_keep_their_own(shop: Shop) -> None:
    short = "b" * 39
    deployments = [shop(name) for name in (short, f"{short}c", short[:-1])]
    for deployment in deployments:
        deployment.run("backup_db")
        deployment.run(*SWAP)
    assert [len(kept(deployment)) for deployment in deployments] == [1, 1, 1]
    assert len({name for deployment in deployments for name in kept(deployment)}) == 3


def test_sessions_that_come_back_at_once_are_ended(shop: Shop) -> None:
    deployment = shop()
    server = deployment.server
    assert server is not None
    deployment.run("backup_db")
    deployment.execute("DELETE FROM item")
    over = threading.Event()
    seen: set[str] = set()

    def insist() -> None:
        user, secret = deployment.databases["default"]["USER"], deployment.databases["default"]["PASSWORD"]
        while not over.is_set():
            try:
                seen.add(
                    server.psql(
                        "SELECT pg_sleep(0.01); SELECT count(*) FROM item",
                        server.dsn(deployment.name(), user=user, password=secret),
                    )
                )
            except ServerError as error:
                seen.add(str(error))

    threads = [threading.Thread(target=insist) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        deployment.run(*SWAP)
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert count(deployment) == 500
    # Whoever looked saw the old content or the new one, or was sent away.
    assert {text.strip() for text in seen if text.strip().isdigit()} <= {"0", "500"}


def test_sessions_that_may_not_be_ended_stop_it(shop: Shop) -> None:
    deployment = shop()
    server = deployment.server
    assert server is not None
    deployment.run("backup_db")
    deployment.execute("DELETE FROM item WHERE id > 100")
    with held_by_superuser(server, deployment.name()):
        outcome = deployment.run(*SWAP, code=1)
        assert "this role may not end them: process" in outcome.err
        assert "of postgres (guard)" in outcome.err
        assert "pg_signal_backend" in outcome.err
        assert "may not end the sessions of postgres" in deployment.run(*SWAP, "--dry-run").out
    assert count(deployment) == 100
    assert kept(deployment) == []
    assert scratch(server) == ""


def test_who_holds_the_lock_of_the_database_is_named(shop: Shop) -> None:
    deployment = shop()
    assert deployment.server is not None
    deployment.settings["LOCK_TIMEOUT"] = 1
    deployment.run("backup_db")
    deployment.execute("DELETE FROM item WHERE id > 100")
    with psycopg.connect(deployment.server.dsn(application_name="night job")) as guard:
        guard.execute(f"COMMENT ON DATABASE {deployment.name()} IS 'held'")
        said = deployment.run(*SWAP, code=1).err
        guard.rollback()
    assert f" of postgres (night job) holds a lock on the database {deployment.name()};" in said, said
    assert "LOCK_TIMEOUT" in said
    assert count(deployment) == 100 and kept(deployment) == [] and scratch(deployment.server) == ""


@contextmanager
def held_by_superuser(server: Server, name: str) -> Iterator[None]:
    with psycopg.connect(server.dsn(name, application_name="guard")):
        yield


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--table", "item"), "a part of a database is restored in place"),
        (("--data-only",), "a part of a database is restored in place"),
    ],
)
def test_a_part_is_not_swapped(shop: Shop, options: tuple[str, ...], said: str) -> None:
    deployment = shop()
    deployment.run("backup_db")
    assert said in deployment.run(*SWAP, *options, code=2).err
    assert kept(deployment) == []


def test_a_role_that_may_not_create_databases_is_told(shop: Shop) -> None:
    deployment = shop(role="LOGIN")
    deployment.run("backup_db")
    outcome = deployment.run(*SWAP, code=2)
    assert "may not create databases" in outcome.err and "CREATEDB" in outcome.err
    assert "in-place, because" in deployment.run("restore_db", "--dry-run").out
    deployment.run("restore_db", "--no-input")


def test_the_servers_own_database_is_not_swapped(shop: Shop) -> None:
    deployment = shop(role="LOGIN SUPERUSER")
    deployment.databases["default"]["NAME"] = "postgres"
    deployment.run("backup_db")
    assert "postgres is one of the server's own databases" in deployment.run(*SWAP, code=2).err


def superusers_shop(server: Server, folder: Path, content: str) -> Deployment:
    server.create_database("shop")
    server.psql(content, "shop")
    address = {"HOST": server.host, "PORT": str(server.port), "USER": server.user, "PASSWORD": server.password}
    engine = "django.db.backends.postgresql"
    return Deployment(folder, {"default": {"ENGINE": engine, "NAME": "shop", **address}}, server)


def test_what_binds_the_live_database_is_named(tmp_path: Path) -> None:
    with start(18, settings={"wal_level": "logical", "max_prepared_transactions": "2"}) as server:
        deployment = superusers_shop(server, tmp_path, CONTENT)
        deployment.run("backup_db")
        server.psql("CREATE EXTENSION hstore; CREATE PUBLICATION mine FOR TABLE item", "shop")
        server.psql("SELECT pg_create_logical_replication_slot('tap', 'pgoutput')", "shop")
        plan = deployment.run(*SWAP, "--dry-run").out
        assert "swap, because it was asked for" in plan
        assert "the old database is kept as shop__before_<time>" in plan
        for what in ("extension hstore", "publication mine", "replication slot tap"):
            assert f"{what} (stays with the old database)" in plan
        server.psql("BEGIN; INSERT INTO item VALUES (0, 'held'); PREPARE TRANSACTION 'held'", "shop")
        assert "it has 1 prepared transactions" in deployment.run(*SWAP, code=2).err
        server.psql("ROLLBACK PREPARED 'held'", "shop")
        deployment.run(*SWAP)
        assert server.psql("SELECT database FROM pg_replication_slots") == kept(deployment)[0]
        plan = deployment.run("restore_db", "--drop-old", "--dry-run").out
        assert "with its replication slot tap: whoever reads from it must begin anew" in plan
        deployment.run(*DROP_OLD)
        assert server.psql("SELECT count(*) FROM pg_replication_slots") == "0"


@pytest.mark.parametrize("major", [14, 18])
def test_an_old_database_with_a_subscription_is_not_dropped(tmp_path: Path, major: int) -> None:
    with start(major, settings={"wal_level": "logical"}) as server:
        deployment = superusers_shop(server, tmp_path, CONTENT)
        server.create_database("origin")
        server.psql(
            "CREATE TABLE item (id bigint PRIMARY KEY, name text); CREATE PUBLICATION p FOR TABLE item", "origin"
        )
        # A subscription that made its own slot would wait for this very session.
        server.psql("SELECT pg_create_logical_replication_slot('the_feed', 'pgoutput')", "origin")
        there = f"host={server.host} port={server.port} user={server.user} password={server.password} dbname=origin"
        subscribe = (
            f"CREATE SUBSCRIPTION \"My feed\" CONNECTION '{there}' PUBLICATION p "
            "WITH (create_slot = false, copy_data = false, slot_name = the_feed)"
        )
        server.psql(subscribe, "shop")
        deployment.run("backup_db")
        plan = deployment.run(*SWAP, "--dry-run").out
        assert "subscription My feed (stays with the old database)" in plan
        deployment.run(*SWAP)
        deployment.run(*SWAP)
        newest, oldest = kept(deployment)
        plan = deployment.run("restore_db", "--drop-old", "--dry-run").out
        assert "Drop for good" not in plan
        alone = (
            'ALTER SUBSCRIPTION "My feed" DISABLE; ALTER SUBSCRIPTION "My feed" SET (slot_name = NONE); '
            'DROP SUBSCRIPTION "My feed"'
        )
        # The restored database has a subscription to the same slot, which is not to be lost.
        assert plan.count(f"run {alone}; that leaves the slot the_feed to the subscription of") == 2, plan
        outcome = deployment.run(*DROP_OLD, code=1)
        assert f"the database {newest} is not dropped: the subscription My feed writes into it" in outcome.err
        assert alone in outcome.err
        assert kept(deployment) == [newest, oldest]
        for name in ("shop", newest):
            server.psql(alone, name)
        # This one is the last that reads from the slot.
        plan = deployment.run("restore_db", "--drop-old", "--dry-run").out
        assert plan.index("Drop for good") < plan.index(newest) < plan.index("Kept as it is") < plan.index(oldest)
        assert 'run DROP SUBSCRIPTION "My feed", which drops the slot too' in plan
        assert "SELECT pg_drop_replication_slot('the_feed')" in plan
        assert "is not dropped" in deployment.run(*DROP_OLD, code=5).err
        assert kept(deployment) == [oldest]
        server.psql('DROP SUBSCRIPTION "My feed"', oldest)
        assert server.psql("SELECT count(*) FROM pg_replication_slots") == "0"
        deployment.run(*DROP_OLD)
        assert kept(deployment) == []


def test_default_privileges_stay_as_in_place(shop: Shop) -> None:
    deployment = shop()
    server, user = deployment.server, deployment.databases["default"]["USER"]
    assert server is not None
    deployment.run("backup_db")
    # No owners and grants are applied: what the database gives by default is all that anybody gets.
    deployment.execute(
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {user} GRANT SELECT ON TABLES TO PUBLIC;"
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {user} IN SCHEMA public GRANT INSERT ON TABLES TO pg_monitor;"
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {user} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC"
    )
    rights = (
        "SELECT relacl::text FROM pg_class WHERE relname = 'item' UNION ALL "
        "(SELECT defaclobjtype::text || defaclnamespace::regnamespace::text || defaclacl::text FROM pg_default_acl ORDER BY 1)"
    )
    deployment.run("restore_db", "latest", "--strategy", "in-place", "--no-input", "--no-safety-backup")
    in_place = deployment.execute(rights)
    assert "=r/" in in_place[0][0] and "pg_monitor=a/" in in_place[0][0] and len(in_place) == 4
    deployment.run(*SWAP)
    assert deployment.execute(rights) == in_place


UNLIKE_ELSEWHERE = """
    CREATE FUNCTION picky(bigint) RETURNS bigint IMMUTABLE LANGUAGE plpgsql AS $$
        BEGIN
            IF current_database() LIKE 'holdfast%' THEN RAISE 'not here'; END IF;
            RETURN $1;
        END $$;
    CREATE INDEX item_picky ON item (picky(id));
"""


def test_a_backup_that_does_not_load_leaves_nothing(shop: Shop) -> None:
    deployment = shop(content=CONTENT + UNLIKE_ELSEWHERE)
    server = deployment.server
    assert server is not None
    deployment.run("backup_db")
    outcome = deployment.run(*SWAP, code=1)
    assert "item_picky" in outcome.err and "not here" in outcome.err
    assert kept(deployment) == [] and scratch(server) == ""
    assert count(deployment) == 500


def of_first_backup(deployment: Deployment) -> tuple[str, ...]:
    deployment.run("backup_db")
    return ("restore_db", str(deployment.newest()), *SWAP[2:])


def await_end(server: Server) -> None:
    """Wait until the server has noticed that a killed program is gone."""
    deadline = time.monotonic() + PATIENCE
    while server.psql("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'holdfast%'") != "0":
        assert time.monotonic() < deadline


def test_a_killed_swap_leaves_the_old_database_or_the_new(shop: Shop) -> None:
    deployment = shop(content=HEAVY)
    server = deployment.server
    assert server is not None
    swap = of_first_backup(deployment)
    deployment.execute("DELETE FROM item WHERE id > 7")
    kills = Kills(deployment, swap)
    deployment.run(*UNDO)
    deployment.run(*DROP_OLD)
    left = 0
    while not kills.is_over:
        kills.strike()
        await_end(server)
        left += scratch(server) != ""
        swapped = len(kept(deployment))
        assert count(deployment) == (HEAVY_ROWS if swapped else 7)
        # The next run sweeps, whichever it is.
        deployment.run("backup_db", "--type", "daily")
        assert scratch(server) == ""
        if swapped:
            deployment.run(*UNDO)
            deployment.run(*DROP_OLD)
    assert left > 0


# A server that looks for work every second and takes a minute for a small table.
SLOW_AUTOVACUUM = {
    "autovacuum": "on", "autovacuum_naptime": "1s",
    "autovacuum_vacuum_cost_delay": "100ms", "autovacuum_vacuum_cost_limit": "1",
}  # fmt: skip


@pytest.mark.parametrize("major", [14, 18])
def test_what_a_killed_run_left_goes_though_autovacuum_works_on_it(tmp_path: Path, major: int) -> None:
    """A role without special rights must not end it by force; nor may a session of its own stay."""
    left = "holdfast_swap_0_1_1"
    with start(major, settings=SLOW_AUTOVACUUM) as server:
        server.create_role("owner", "LOGIN CREATEDB", password="secret")
        server.psql("CREATE DATABASE shop OWNER owner")
        server.psql(f"CREATE DATABASE {left} OWNER owner")
        rows = "CREATE TABLE t AS SELECT n, repeat('x', 500) FROM generate_series(1, 60000) n"
        server.psql(f"SET SESSION AUTHORIZATION owner; {rows}; DELETE FROM t WHERE n % 2 = 0", left)
        at_work = (
            f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{left}' AND backend_type = 'autovacuum worker'"
        )
        deadline = time.monotonic() + PATIENCE
        while server.psql(at_work) == "0":
            assert time.monotonic() < deadline
        account = {"HOST": server.host, "PORT": str(server.port), "USER": "owner", "PASSWORD": "secret"}
        database = {"ENGINE": "django.db.backends.postgresql", "NAME": "shop", **account}
        own = psycopg.connect(
            host=server.host, port=server.port, user="owner", password="secret", dbname=left, autocommit=True
        )
        with own:
            assert left in Deployment(tmp_path, {"default": database}, server).run("backup_db").err
        assert scratch(server) == ""


@SIGNALS
def test_an_interrupted_swap_leaves_the_old_database(shop: Shop, number: signal.Signals) -> None:
    deployment = shop(content=HEAVY)
    server = deployment.server
    assert server is not None
    swap = of_first_backup(deployment)
    deployment.execute("DELETE FROM item WHERE id > 7")
    seconds = duration(deployment, swap)
    deployment.run(*UNDO)
    files = deployment.files()
    interrupted = 0
    for turn in range(INTERRUPTIONS):
        deployment.run(*DROP_OLD)
        code, printed = stop(deployment, swap, seconds * turn / INTERRUPTIONS, number)
        assert scratch(server) == ""
        assert deployment.files() == files
        if is_over(code, number):
            assert count(deployment) == HEAVY_ROWS
            deployment.run(*UNDO)
            continue
        interrupted += 1
        assert code == 1 and "interrupted: nothing was changed" in printed, printed
        assert count(deployment) == 7
        assert kept(deployment) == []
    assert interrupted > 0


# A database that has one cannot be dropped.
SUBSCRIPTION = (
    "CREATE SUBSCRIPTION \"from afar\" CONNECTION 'dbname=x' PUBLICATION p WITH (connect = false, slot_name = NONE);"
)


@pytest.mark.parametrize("subscription", ["", SUBSCRIPTION], ids=["plain", "subscription"])
def test_an_interrupt_while_sessions_are_waited_for(shop: Shop, subscription: str) -> None:
    """The last moment: the server waits for a session that we may end but that does not go."""
    role = "LOGIN SUPERUSER" if subscription else "LOGIN CREATEDB"
    deployment = shop(content=CONTENT + subscription, role=role)
    server = deployment.server
    assert server is not None
    swap = of_first_backup(deployment)
    if subscription:
        deployment.execute('DROP SUBSCRIPTION "from afar"')
    with psycopg.connect(server.dsn()) as guard:
        # Who holds the database's lock makes the rename wait.
        guard.execute(f"COMMENT ON DATABASE {deployment.name()} IS 'held'")
        with deployment.primed(*swap) as process:
            waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'object' AND NOT granted"
            while server.psql(waiting) == "0":
                assert process.poll() is None
            process.send_signal(signal.SIGTERM)
            printed, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == 1 and "interrupted: nothing was changed" in printed
        guard.rollback()
    assert kept(deployment) == [] and scratch(server) == ""


@pytest.mark.parametrize("loss", Loss)
def test_a_connection_lost_in_the_commit_of_the_rename(shop: Shop, loss: Loss) -> None:
    deployment = shop()
    server = deployment.server
    assert server is not None
    deployment.run("backup_db")
    deployment.execute("DELETE FROM item WHERE id > 7")
    proxy = LosingProxy(server.host, server.port, loss, after=b" RENAME TO ")
    address = deployment.databases["default"]
    deployment.databases = {"default": {**address, "PORT": str(proxy.port)}}
    outcome = deployment.run(*SWAP, code=None)
    deployment.databases = {"default": address}
    assert proxy.has_lost
    assert scratch(server) == ""
    if loss is Loss.ARRIVED:
        assert outcome.code == 0, outcome.text
        assert (count(deployment), len(kept(deployment))) == (500, 1)
    else:
        assert outcome.code == 1, outcome.text
        assert "the server closed the connection while committing the restore" in outcome.err
        assert (count(deployment), len(kept(deployment))) == (7, 0)


def test_a_server_that_restarts_meanwhile(tmp_path: Path) -> None:
    with start(18) as server:
        deployment = superusers_shop(server, tmp_path, CONTENT + SLOW)
        swap = of_first_backup(deployment)
        with deployment.primed(*swap) as process:
            while server.psql(f"SELECT count(*) FROM pg_stat_activity WHERE {LOADING}") == "0":
                assert process.poll() is None
            server.restart("immediate")
            printed, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == 1, printed
        assert scratch(server) == ""
        assert kept(deployment) == [] and count(deployment) == 500
