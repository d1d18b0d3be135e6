#!/usr/bin/env bash
# Loses the posts of a blog and gets them back. Run it inside an environment with Django and django-holdfast.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")"
BLOG_DIR=$(mktemp -d "${TMPDIR:-/tmp}/holdfast-demo.XXXXXX")
export BLOG_DIR
trap 'rm -rf "$BLOG_DIR"' EXIT
# The demo shows the defaults, so settings of the caller must not reach it.
unset DJANGO_SETTINGS_MODULE "${!BACKUP_@}"
export PYTHONDONTWRITEBYTECODE=1

run() {
    printf '\n$ %s\n' "$*"
    "$@"
}

run python manage.py migrate --verbosity 0
run python manage.py fill_blog --posts "${POSTS:-2000}"
run python manage.py count_rows
original=$(python manage.py count_rows)

run python manage.py backup_db

run python manage.py delete_posts
run python manage.py count_rows
if [[ $(python manage.py count_rows) == "$original" ]]; then
    echo 'FAILED: nothing was deleted, so the restore would prove nothing.' >&2
    exit 1
fi

run python manage.py list_backups
run python manage.py restore_db latest --no-input
run python manage.py count_rows
restored=$(python manage.py count_rows)

if [[ $restored != "$original" ]]; then
    printf '\nFAILED: the restored blog differs.\nBefore:\n%s\nAfter:\n%s\n' "$original" "$restored" >&2
    exit 1
fi
printf '\nEvery row is back.\n'
