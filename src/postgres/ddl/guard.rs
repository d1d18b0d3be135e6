//! Statements that a missing role or a missing right must not stop.
//!
//! A backup is restored on machines whose roles differ, and by roles that own the database but not all in it.

use crate::postgres::quote;

const FORGIVEN: &str = "undefined_object OR insufficient_privilege";

/// The statements as one step that warns where a role or a right is missing.
pub(super) fn guarded(statements: &str) -> String {
    quote::anonymous_block(&format!("BEGIN\n{statements}{}END", warning()))
}

/// A PL/pgSQL block that says what could not be restored where a right, a role, or what the code needs is missing, or
/// what an extension has brought is in the way.
pub(super) fn told_inside(what: &str, code: &str) -> String {
    format!(
        "BEGIN\n{code}EXCEPTION WHEN {FORGIVEN} OR undefined_table OR undefined_column OR undefined_function OR invalid_schema_name \
         OR dependent_objects_still_exist OR duplicate_table OR duplicate_object OR duplicate_column OR unique_violation \
         OR check_violation OR foreign_key_violation OR invalid_function_definition OR undefined_file THEN\n  RAISE WARNING '%', {} || SQLERRM;\nEND;\n",
        quote::literal(&format!("{what} could not be restored: "))
    )
}

/// Such a block as one step, with its variables.
pub(super) fn told(what: &str, variables: &str, code: &str) -> String {
    let declare = if variables.is_empty() { String::new() } else { format!("DECLARE\n{variables}") };
    quote::anonymous_block(&format!("{declare}BEGIN\n{}END", told_inside(what, code)))
}

/// A grant by a role that is not the owner: made in its name where we may take it on, else in our own.
pub(super) fn granted_by(grantor: &str, grant: &str) -> String {
    let role = quote::literal(grantor);
    // The name that we go by may itself have been taken on, so that RESET ROLE would give another one.
    quote::anonymous_block(&format!(
        "DECLARE\n  own text := pg_catalog.current_setting('role');\nBEGIN\nBEGIN\n\
         PERFORM pg_catalog.set_config('role', {role}, true);\n{grant}\
         PERFORM pg_catalog.set_config('role', own, true);\n\
         EXCEPTION WHEN {FORGIVEN} OR invalid_parameter_value THEN\n{grant}END;\n{}END",
        warning()
    ))
}

fn warning() -> String {
    format!("EXCEPTION WHEN {FORGIVEN} THEN\n  RAISE WARNING '%', SQLERRM;\n")
}
