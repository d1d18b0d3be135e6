"""Operators, their classes and families."""

from tests.catalogue.entry import Entry

ENTRIES: list[Entry] = [
    Entry(
        name="operator",
        create="""
            CREATE SCHEMA cat_operator;
            SET search_path = cat_operator;
            CREATE FUNCTION plus(integer, integer) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT $1 + $2';
            CREATE OPERATOR +% (leftarg = integer, rightarg = integer, function = plus);
            CREATE OPERATOR !!! (rightarg = bigint, function = int8um);
            COMMENT ON OPERATOR !!! (NONE, bigint) IS 'before its operand';
            CREATE OPERATOR === (leftarg = integer, rightarg = integer, function = int4eq, commutator = ===, negator = !==,
                restrict = eqsel, join = eqjoinsel, hashes, merges);
            CREATE OPERATOR !== (leftarg = integer, rightarg = integer, function = int4ne, commutator = !==, negator = ===,
                restrict = neqsel, join = neqjoinsel);
            CREATE TABLE t (a integer, b integer GENERATED ALWAYS AS (a OPERATOR(cat_operator.+%) 2) STORED,
                CHECK (a OPERATOR(cat_operator.!==) 0));
            INSERT INTO t VALUES (1);
        """,
        shows=r"CREATE OPERATOR cat_operator\.(\+%|!!!|===|!==) \(|NEGATOR = OPERATOR\(cat_operator\.|\n    HASHES|RESTRICT = neqsel",
    ),
    Entry(
        name="operator_elsewhere",
        create="""
            CREATE SCHEMA "cat_operator_elsewhere ""A"" b";
            CREATE SCHEMA cat_operator_elsewhere;
            CREATE FUNCTION "cat_operator_elsewhere ""A"" b".less(text, text) RETURNS boolean IMMUTABLE LANGUAGE sql
                AS 'SELECT $1 < $2';
            CREATE FUNCTION "cat_operator_elsewhere ""A"" b".more(text, text) RETURNS boolean IMMUTABLE LANGUAGE sql
                AS 'SELECT $1 > $2';
            CREATE OPERATOR cat_operator_elsewhere.<< (leftarg = text, rightarg = text,
                function = "cat_operator_elsewhere ""A"" b".less, commutator = operator("cat_operator_elsewhere ""A"" b".>>));
            CREATE OPERATOR "cat_operator_elsewhere ""A"" b".>> (leftarg = text, rightarg = text,
                function = "cat_operator_elsewhere ""A"" b".more, commutator = operator(cat_operator_elsewhere.<<));
            CREATE OPERATOR cat_operator_elsewhere.<<% (leftarg = text, rightarg = text, negator = >>%,
                function = "cat_operator_elsewhere ""A"" b".less);
        """,
        shows=r'OPERATOR\("cat_operator_elsewhere ""A"" b"\.>>\)',
    ),
    Entry(
        name="operator_class",
        create="""
            CREATE SCHEMA cat_operator_class;
            SET search_path = cat_operator_class;
            CREATE TYPE pair AS (one integer, two integer);
            CREATE FUNCTION compare(pair, pair) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT ($1).one - ($2).one';
            CREATE FUNCTION lt(pair, pair) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT ($1).one < ($2).one';
            CREATE FUNCTION eq(pair, pair) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT ($1).one = ($2).one';
            CREATE OPERATOR <# (leftarg = pair, rightarg = pair, function = lt);
            CREATE OPERATOR =# (leftarg = pair, rightarg = pair, function = eq, commutator = =#, merges);
            CREATE OPERATOR CLASS by_one DEFAULT FOR TYPE pair USING btree AS
                OPERATOR 1 <#, OPERATOR 3 =#, FUNCTION 1 compare(pair, pair);
            CREATE FUNCTION hashed(pair) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT ($1).one';
            CREATE OPERATOR CLASS hashed FOR TYPE pair USING hash AS OPERATOR 1 =#, FUNCTION 1 hashed(pair);
            CREATE TABLE t (p pair PRIMARY KEY, EXCLUDE USING btree (p by_one WITH =#));
            CREATE INDEX ON t USING hash (p hashed);
            CREATE TABLE parted (p pair) PARTITION BY RANGE (p by_one);
            CREATE TYPE span AS RANGE (subtype = pair, subtype_opclass = by_one);
            INSERT INTO t VALUES ('(1,2)'), ('(2,1)');
            COMMENT ON OPERATOR CLASS by_one USING btree IS 'by one';
            COMMENT ON OPERATOR FAMILY by_one USING btree IS 'of one';
        """,
        shows=r"CREATE OPERATOR CLASS cat_operator_class\.|COMMENT ON OPERATOR (CLASS|FAMILY) cat_operator_class\.",
    ),
    Entry(
        name="operator_family",
        create="""
            CREATE SCHEMA cat_operator_family;
            SET search_path = cat_operator_family;
            CREATE OPERATOR FAMILY empty USING btree;
            CREATE OPERATOR FAMILY numbers USING btree;
            CREATE OPERATOR CLASS small FOR TYPE int2 USING btree FAMILY numbers AS
                OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint2cmp(int2, int2),
                FUNCTION 2 (int2, int2) btint2sortsupport(internal), FUNCTION 4 btequalimage(oid);
            CREATE OPERATOR CLASS large FOR TYPE int8 USING btree FAMILY numbers AS
                OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint8cmp(int8, int8);
            ALTER OPERATOR FAMILY numbers USING btree ADD
                OPERATOR 1 < (int2, int8), OPERATOR 3 = (int2, int8), OPERATOR 5 > (int8, int2),
                FUNCTION 1 (int2, int8) btint28cmp(int2, int8), FUNCTION 1 (int8, int2) btint82cmp(int8, int2);
            CREATE TABLE t (a int2, b int8);
            CREATE INDEX ON t (a small, b large);
        """,
        shows=r"ALTER OPERATOR FAMILY cat_operator_family\.numbers USING btree ADD",
    ),
    Entry(
        name="operator_class_that_stores",
        create="""
            CREATE SCHEMA cat_operator_class_that_stores;
            SET search_path = cat_operator_class_that_stores;
            CREATE OPERATOR CLASS points FOR TYPE point USING gist AS
                STORAGE box, OPERATOR 1 <<, OPERATOR 5 >>, OPERATOR 15 <-> (point, point) FOR ORDER BY pg_catalog.float_ops,
                FUNCTION 1 gist_point_consistent(internal, point, int2, oid, internal),
                FUNCTION 2 gist_box_union(internal, internal), FUNCTION 3 gist_point_compress(internal),
                FUNCTION 5 gist_box_penalty(internal, internal, internal), FUNCTION 6 gist_box_picksplit(internal, internal),
                FUNCTION 7 gist_box_same(box, box, internal), FUNCTION 8 gist_point_distance(internal, point, int2, oid, internal);
            CREATE OPERATOR CLASS arrays FOR TYPE anyarray USING gin AS
                STORAGE anyelement, OPERATOR 1 &&, OPERATOR 2 @>,
                FUNCTION 2 ginarrayextract(anyarray, internal, internal),
                FUNCTION 3 ginqueryarrayextract(anyarray, internal, int2, internal, internal, internal, internal),
                FUNCTION 4 ginarrayconsistent(internal, int2, anyarray, int4, internal, internal, internal, internal);
            CREATE TABLE t (p point, a integer[]);
            INSERT INTO t SELECT point(n, n), ARRAY[n] FROM generate_series(1, 9) n;
            CREATE INDEX ON t USING gist (p points);
            CREATE INDEX ON t USING gin (a arrays);
        """,
        shows=r"STORAGE (box|anyelement)|FOR ORDER BY pg_catalog\.float_ops",
    ),
    Entry(
        name="operator_class_of_a_kind",
        create="""
            CREATE SCHEMA cat_operator_class_of_a_kind;
            SET search_path = cat_operator_class_of_a_kind;
            CREATE OPERATOR CLASS blocks FOR TYPE int4 USING brin AS
                OPERATOR 1 <, OPERATOR 3 =, FUNCTION 1 brin_minmax_opcinfo(internal),
                FUNCTION 2 brin_minmax_add_value(internal, internal, internal, internal),
                FUNCTION 3 brin_minmax_consistent(internal, internal, internal),
                FUNCTION 4 brin_minmax_union(internal, internal, internal);
            CREATE OPERATOR CLASS quarters FOR TYPE text USING spgist AS
                OPERATOR 3 =, FUNCTION 1 spg_text_config(internal, internal), FUNCTION 2 spg_text_choose(internal, internal),
                FUNCTION 3 spg_text_picksplit(internal, internal),
                FUNCTION 4 spg_text_inner_consistent(internal, internal),
                FUNCTION 5 spg_text_leaf_consistent(internal, internal);
            CREATE TABLE t (a int4, b text);
            CREATE INDEX ON t USING brin (a blocks);
            CREATE INDEX ON t USING spgist (b quarters);
        """,
        shows=r"CREATE OPERATOR CLASS cat_operator_class_of_a_kind\.",
    ),
    Entry(
        name="operator_names",
        create="""
            CREATE SCHEMA "cat_operator_names ""x"" y
z";
            SET search_path = "cat_operator_names ""x"" y
z";
            CREATE TYPE "a type,(int)" AS (one integer);
            CREATE FUNCTION "sort ""of""
less"("a type,(int)", "a type,(int)") RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT true';
            CREATE FUNCTION "select"("a type,(int)", "a type,(int)") RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT 0';
            CREATE OPERATOR <%# (leftarg = "a type,(int)", rightarg = "a type,(int)", function = "sort ""of""
less");
            CREATE OPERATOR FAMILY "fam, (ily) ünï 🐘" USING btree;
            CREATE OPERATOR CLASS "table" DEFAULT FOR TYPE "a type,(int)" USING btree FAMILY "fam, (ily) ünï 🐘" AS
                OPERATOR 1 <%#, FUNCTION 1 "select"("a type,(int)", "a type,(int)");
            COMMENT ON OPERATOR <%# ("a type,(int)", "a type,(int)") IS E'it''s \\\\ one\\n\\\\! of two';
            COMMENT ON OPERATOR CLASS "table" USING btree IS 'a table';
            CREATE OPERATOR CLASS class_with_63_bytes_123456789_123456789_123456789_123456789_123 FOR TYPE "a type,(int)"
                USING btree AS OPERATOR 1 <%#, FUNCTION 1 "select"("a type,(int)", "a type,(int)");
            CREATE ROLE "cat_operator_names 'r'";
            ALTER OPERATOR <%# ("a type,(int)", "a type,(int)") OWNER TO "cat_operator_names 'r'";
            ALTER OPERATOR CLASS "table" USING btree OWNER TO "cat_operator_names 'r'";
            ALTER OPERATOR FAMILY "fam, (ily) ünï 🐘" USING btree OWNER TO "cat_operator_names 'r'";
        """,
        shows=r'CREATE OPERATOR CLASS "cat_operator_names ""x"" y\nz"\."table"\n    DEFAULT FOR TYPE',
    ),
]
