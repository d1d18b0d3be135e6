//! Which defaults and checks cannot stand inside the `CREATE` of what they belong to.
//!
//! A function may take a row of the very table whose default or check calls it. So whatever calls a function of the
//! user, or names a row type or a relation, becomes a statement of its own, which the dependencies put in its place.

/// SQL: the expression stored in the row `oid` of the catalog `class` needs a statement of its own.
pub(super) fn condition(class: &str, oid: &str) -> String {
    format!(
        "EXISTS (SELECT FROM pg_depend need \
           LEFT JOIN pg_class relation ON need.refclassid = 'pg_class'::regclass AND relation.oid = need.refobjid \
           LEFT JOIN pg_type type ON need.refclassid = 'pg_type'::regclass AND type.oid = need.refobjid \
           LEFT JOIN pg_class shape ON shape.oid = type.typrelid \
          WHERE need.classid = {class}::regclass AND need.objid = {oid} AND need.deptype = 'n' \
            AND need.refobjid >= 16384 AND need.refobjsubid = 0 \
            AND (need.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass) \
                 OR relation.relkind <> 'S' OR shape.relkind <> 'c') \
            AND NOT EXISTS (SELECT FROM pg_depend member WHERE member.classid = need.refclassid \
                               AND member.objid = need.refobjid AND member.deptype = 'e'))"
    )
}
