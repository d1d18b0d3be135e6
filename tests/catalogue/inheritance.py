"""Inheritance: columns, defaults and constraints that come from parents, and those that children add."""

from tests.catalogue.entry import Entry

ENTRIES: list[Entry] = [
    Entry(
        name="inheritance",
        create="""
            CREATE SCHEMA cat_inheritance;
            SET search_path = cat_inheritance;
            CREATE TABLE animal (id serial, name text DEFAULT 'animal' NOT NULL, legs integer CHECK (legs >= 0));
            CREATE TABLE pet (owner text, name text DEFAULT 'animal' NOT NULL);
            CREATE TABLE dog (name text DEFAULT 'dog', bark text) INHERITS (animal, pet);
            CREATE TABLE puppy (weeks integer) INHERITS (dog);
            INSERT INTO animal (legs) VALUES (4);
            INSERT INTO dog (legs) VALUES (5);
            INSERT INTO puppy (weeks) VALUES (6);
        """,
        shows=r"INHERITS \(cat_inheritance\.animal, cat_inheritance\.pet\);",
    ),
    Entry(
        name="inheritance_with_dropped_columns",
        create="""
            CREATE SCHEMA cat_inheritance_with_dropped_columns;
            SET search_path = cat_inheritance_with_dropped_columns;
            CREATE TABLE parent (gone integer, a integer, b text, went integer, c text);
            CREATE TABLE child (own integer, lost text) INHERITS (parent);
            CREATE TABLE grandchild (d integer) INHERITS (child);
            INSERT INTO grandchild VALUES (1, 2, 'b', 3, 'c', 4, 'l', 5);
            ALTER TABLE parent DROP COLUMN gone, DROP COLUMN went;
            ALTER TABLE child DROP COLUMN lost;
            ALTER TABLE parent ADD COLUMN late integer DEFAULT 7;
            INSERT INTO grandchild (a, d, late) VALUES (1, 2, 3);
        """,
        shows=r"INHERITS \(cat_inheritance_with_dropped_columns\.child\);",
    ),
    Entry(
        name="inheritance_of_local_columns",
        create="""
            CREATE SCHEMA cat_inheritance_of_local_columns;
            SET search_path = cat_inheritance_of_local_columns;
            CREATE TABLE parent (a integer, b text DEFAULT 'p', c numeric(5, 2));
            CREATE TABLE child (c numeric(5, 2), own date, a integer, b text DEFAULT 'c', lost text);
            ALTER TABLE child INHERIT parent;
            ALTER TABLE child DROP COLUMN lost;
            INSERT INTO child VALUES (1.5, '2026-01-01', 3);
            CREATE TABLE stays (b text, z integer) INHERITS (parent);
            ALTER TABLE ONLY parent DROP COLUMN c;
        """,
        shows=r"INHERITS \(cat_inheritance_of_local_columns\.parent\);",
    ),
    Entry(
        name="inheritance_ended",
        create="""
            CREATE SCHEMA cat_inheritance_ended;
            SET search_path = cat_inheritance_ended;
            CREATE TABLE parent (a integer NOT NULL CHECK (a > 0), b integer);
            CREATE TABLE child (c integer) INHERITS (parent);
            ALTER TABLE child NO INHERIT parent;
            INSERT INTO child VALUES (1, 2, 3);
        """,
        shows=r"CREATE TABLE cat_inheritance_ended\.child \(\n    a integer (CONSTRAINT parent_a_not_null )?NOT NULL,\n",
    ),
    Entry(
        name="inherited_checks",
        create="""
            CREATE SCHEMA cat_inherited_checks;
            SET search_path = cat_inherited_checks;
            CREATE TABLE parent (a integer, CONSTRAINT passed_on CHECK (a > 0), CONSTRAINT twice CHECK (a > 1),
                CONSTRAINT alone CHECK (a > 2) NO INHERIT);
            CREATE TABLE child (CONSTRAINT twice CHECK (a > 1), CONSTRAINT own CHECK (a > 3)) INHERITS (parent);
            CREATE TABLE second () INHERITS (parent);
            ALTER TABLE parent ADD CONSTRAINT late CHECK (a < 100) NOT VALID;
            ALTER TABLE child ADD CONSTRAINT own_late CHECK (a < 90) NOT VALID;
            CREATE TABLE grandchild () INHERITS (child, second);
            CREATE TABLE merged (a integer, CONSTRAINT passed_on CHECK (a > 0), CONSTRAINT twice CHECK (a > 1),
                CONSTRAINT late CHECK (a < 100));
            ALTER TABLE merged INHERIT parent;
        """,
        shows=r"CONSTRAINT alone CHECK \(\(a > 2\)\) NO INHERIT",
    ),
    Entry(
        name="inherited_check_validated_alone",
        create="""
            CREATE SCHEMA cat_inherited_check_validated_alone;
            SET search_path = cat_inherited_check_validated_alone;
            CREATE TABLE parent (a integer);
            CREATE TABLE child () INHERITS (parent);
            ALTER TABLE parent ADD CONSTRAINT late CHECK (a < 100) NOT VALID;
            ALTER TABLE child VALIDATE CONSTRAINT late;
        """,
        shows=r"ADD CONSTRAINT late CHECK \(\(a < 100\)\) NOT VALID;",
    ),
    Entry(
        name="inherited_not_null",
        create="""
            CREATE SCHEMA cat_inherited_not_null;
            SET search_path = cat_inherited_not_null;
            CREATE TABLE parent (a integer NOT NULL, b integer, c integer, d integer);
            CREATE TABLE child (b integer NOT NULL) INHERITS (parent);
            ALTER TABLE child ALTER c SET NOT NULL;
            CREATE TABLE grandchild (e integer) INHERITS (child);
            ALTER TABLE grandchild ALTER d SET NOT NULL;
            CREATE TABLE with_key (PRIMARY KEY (d)) INHERITS (parent);
        """,
        shows=r"CREATE TABLE cat_inherited_not_null\.grandchild \(",
    ),
    Entry(
        name="inherited_not_null_taken_away",
        create="""
            CREATE SCHEMA cat_inherited_not_null_taken_away;
            SET search_path = cat_inherited_not_null_taken_away;
            CREATE TABLE parent (a integer, b integer);
            CREATE TABLE child (c integer) INHERITS (parent);
            ALTER TABLE parent ALTER a SET NOT NULL;
            ALTER TABLE child ALTER a DROP NOT NULL;
        """,
        shows=r"CREATE TABLE cat_inherited_not_null_taken_away\.child \(",
        until=17,
    ),
    Entry(
        name="inherited_defaults",
        create="""
            CREATE SCHEMA cat_inherited_defaults;
            SET search_path = cat_inherited_defaults;
            CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1';
            CREATE TABLE parent (a integer DEFAULT 1, b integer DEFAULT f(), c integer, d integer DEFAULT f());
            CREATE TABLE child () INHERITS (parent);
            ALTER TABLE child ALTER a SET DEFAULT 2, ALTER b DROP DEFAULT, ALTER c SET DEFAULT 3;
            CREATE TABLE second () INHERITS (parent);
            ALTER TABLE second ALTER a DROP DEFAULT, ALTER b SET DEFAULT f() + 1, ALTER d SET DEFAULT 9;
        """,
        shows=r"ALTER TABLE ONLY cat_inherited_defaults\.child ALTER COLUMN c SET DEFAULT 3;",
    ),
    Entry(
        name="inherited_column_details",
        create="""
            CREATE SCHEMA cat_inherited_column_details;
            SET search_path = cat_inherited_column_details;
            CREATE TABLE parent (a text, b text COMPRESSION pglz);
            ALTER TABLE parent ALTER a SET STORAGE EXTERNAL, ALTER a SET STATISTICS 10;
            CREATE TABLE child () INHERITS (parent);
            ALTER TABLE ONLY child ALTER a SET STORAGE MAIN, ALTER a SET STATISTICS 20, ALTER a SET (n_distinct = 5);
            CREATE TABLE second () INHERITS (parent);
            ALTER TABLE ONLY second ALTER a SET STORAGE EXTENDED;
        """,
        shows=r"ALTER TABLE ONLY cat_inherited_column_details\.child ALTER COLUMN a SET STATISTICS 20;",
    ),
    Entry(
        name="not_null_names",
        create="""
            CREATE SCHEMA cat_not_null_names;
            SET search_path = cat_not_null_names;
            CREATE TABLE parent (a integer CONSTRAINT "a must be" NOT NULL, b integer NOT NULL NO INHERIT,
                c integer CONSTRAINT c_alone NOT NULL NO INHERIT, d integer, e integer, f integer NOT NULL);
            ALTER TABLE parent ADD CONSTRAINT d_some_day NOT NULL d NOT VALID;
            COMMENT ON CONSTRAINT "a must be" ON parent IS 'said';
            CREATE TABLE child (CONSTRAINT child_e NOT NULL e, CONSTRAINT child_f NOT NULL f) INHERITS (parent);
            CREATE TABLE late (a integer CONSTRAINT late_a NOT NULL, b integer, c integer, d integer, e integer,
                f integer CONSTRAINT late_f NOT NULL);
            ALTER TABLE late ALTER d SET NOT NULL;
            ALTER TABLE late INHERIT parent;
            CREATE TABLE renamed (a integer NOT NULL);
            ALTER TABLE renamed RENAME TO other;
            CREATE TABLE keyed (a integer CONSTRAINT keyed_is NOT NULL PRIMARY KEY);
            CREATE TABLE below () INHERITS (child);
        """,
        shows=r'a integer CONSTRAINT "a must be" NOT NULL',
        since=18,
    ),
    Entry(
        name="not_null_not_valid",
        create="""
            CREATE SCHEMA cat_not_null_not_valid;
            SET search_path = cat_not_null_not_valid;
            CREATE TABLE parent (a integer, b integer);
            INSERT INTO parent VALUES (1, 2);
            ALTER TABLE parent ADD CONSTRAINT some_day NOT NULL a NOT VALID, ADD NOT NULL b NOT VALID;
            CREATE TABLE child () INHERITS (parent);
            CREATE TABLE parts (k integer, a integer) PARTITION BY LIST (k);
            CREATE TABLE part_1 PARTITION OF parts FOR VALUES IN (1);
            INSERT INTO parts VALUES (1, 2);
            ALTER TABLE parts ADD CONSTRAINT parts_a NOT NULL a NOT VALID;
            CREATE TABLE part_2 PARTITION OF parts FOR VALUES IN (2);
            COMMENT ON CONSTRAINT some_day ON parent IS 'some day';
        """,
        shows=r"ADD CONSTRAINT some_day NOT NULL a NOT VALID;",
        since=18,
    ),
]
