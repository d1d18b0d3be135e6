"""Everything that a PostgreSQL database can hold comes back, in every mode in which it should; pg_dump is the judge."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from difflib import unified_diff
from itertools import islice

import pytest

from tests.catalogue import entries
from tests.catalogue.entry import Entry
from tests.catalogue.kinds import EXCUSED, lacking
from tests.catalogue.modes import MODES, Mode
from tests.catalogue.script import commands_and_comments
from tests.catalogue.trial import Trial
from tests.deployment import Deployment
from tests.servers import ALL_MAJORS, DEBIAN, start

ENTRIES = entries()
# Majors, and packages of programs by name.
SERVERS = (*ALL_MAJORS, DEBIAN)
EACH_SERVER = pytest.mark.parametrize("server", SERVERS)
EACH_MODE = pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
ENOUGH_LINES = 100

CHECKED_LATER = {
    "never validated": "CREATE TABLE t (a integer); INSERT INTO t VALUES (-1); ALTER TABLE t ADD CHECK (a > 0) NOT VALID",
    "a domain that asks a table": """
        CREATE TABLE words (word text PRIMARY KEY);
        CREATE FUNCTION is_word(text) RETURNS boolean LANGUAGE plpgsql
            AS 'BEGIN RETURN EXISTS (SELECT FROM public.words WHERE word = $1); END';
        CREATE DOMAIN word AS text CHECK (is_word(VALUE));
        CREATE TABLE sentences (v word);
        INSERT INTO words VALUES ('fine');
        INSERT INTO sentences VALUES ('fine');
    """,
}

Trials = Callable[[int | str], Trial]


def known_to(server: int | str) -> list[Entry]:
    major = int(str(server).rpartition("-")[2])
    return [entry for entry in ENTRIES if entry.is_known_to(major)]


@pytest.fixture(scope="module")
def trials(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trials]:
    with ExitStack() as stack:
        made: dict[int | str, Trial] = {}

        def trial(server: int | str) -> Trial:
            if server not in made:
                made[server] = Trial(
                    stack.enter_context(start(server)), tmp_path_factory.mktemp(f"catalogue-{server}"), known_to(server)
                )
            return made[server]

        yield trial


@EACH_MODE
@EACH_SERVER
def test_each_entry_comes_back_where_it_should(trials: Trials, server: int | str, mode: Mode) -> None:
    trial = trials(server)
    restored = trial.restored(mode.name)
    wrong = []
    for entry in trial.entries:
        assert trial.count(entry, trial.original) > 0, f"pg_dump does not show what {entry.name} says that it shows"
        wanted = trial.count(entry, trial.original if mode.holds(entry) else trial.before(mode.name))
        if (found := trial.count(entry, restored)) != wanted:
            wrong.append(f"{entry.name} is there {found} times instead of {wanted}")
    assert wrong == []


@EACH_MODE
@EACH_SERVER
def test_pg_dump_says_the_same(trials: Trials, server: int | str, mode: Mode) -> None:
    trial = trials(server)
    options = mode.compared(trial)
    restored = trial.restored(mode.name)
    wanted, found = trial.text(trial.original, *options), trial.text(restored, *options)
    # Of a part, pg_dump does not look at all dependencies, and so not at all orders either.
    if mode.untouched:
        wanted, found = ("".join(sorted(blocks(text))) for text in (wanted, found))
    assert_same(wanted, found)


@EACH_MODE
@EACH_SERVER
def test_definitions_use_the_same(trials: Trials, server: int | str, mode: Mode) -> None:
    """Operators, functions, types and collations of users and extensions: of some, pg_dump's text does not tell."""
    trial = trials(server)
    original, restored = (set(trial.uses(name).split("\n")) for name in (trial.original, trial.restored(mode.name)))
    assert sorted(restored - original) == []
    if not mode.untouched:
        assert sorted(original - restored) == []


@pytest.mark.parametrize("mode", [mode for mode in MODES.values() if mode.untouched], ids=lambda mode: mode.name)
@EACH_SERVER
def test_what_was_not_asked_for_is_left_alone(trials: Trials, server: int | str, mode: Mode) -> None:
    assert mode.untouched
    trial = trials(server)
    options = mode.untouched(trial)
    restored = trial.restored(mode.name)
    before, after = (blocks(trial.text(name, *options)) for name in (trial.before(mode.name), restored))
    # What the parts need of others may have come along.
    assert [block for block in before if block not in after] == []


@EACH_SERVER
def test_no_name_and_no_value_says_anything_to_psql(trials: Trials, server: int | str) -> None:
    script = trials(server).script
    commands, comments = commands_and_comments(script)
    assert commands == []
    assert [comment for comment in comments if re.search("cat_|touch", comment)] == []
    assert commands_and_comments(script + "\\! touch no\n-- cat_x\n") == (["\\! touch no"], [*comments, "-- cat_x"])


@pytest.mark.parametrize("create", CHECKED_LATER.values(), ids=CHECKED_LATER)
def test_rows_come_back_that_a_check_would_stop(postgresql_with: Callable[[str], Deployment], create: str) -> None:
    """No entries of the catalogue, as their rows cannot be loaded where the checks are."""
    source = postgresql_with(create)
    target = postgresql_with("")
    assert source.server is not None
    source.run("backup_db")
    target.run("restore_db", source.newest(), "--no-input", "--no-safety-backup", "--owners", "--verify")
    assert_same(source.server.pg_dump(source.name()), source.server.pg_dump(target.name()))


@pytest.mark.parametrize("server", ALL_MAJORS[-1:])
def test_the_catalogue_leaves_no_kind_out(trials: Trials, server: int) -> None:
    trial = trials(server)
    assert lacking(trial.server, trial.original) - EXCUSED == set()


def blocks(text: str) -> list[str]:
    return text.split("\n--\n")


def assert_same(wanted: str, found: str) -> None:
    difference = unified_diff(wanted.split("\n"), found.split("\n"), "wanted", "found", lineterm="", n=1)
    lines = list(islice(difference, ENOUGH_LINES))
    assert not lines, "\n".join(lines)
