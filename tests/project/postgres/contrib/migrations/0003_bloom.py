"""An index of the extension bloom, where the server has it and the role may create it."""

from django.db import migrations

BLOOM = """
DO $body$
BEGIN
    CREATE EXTENSION IF NOT EXISTS bloom;
    CREATE INDEX reservation_bloom ON project_postgres_contrib_reservation USING bloom (room) WITH (length = 96);
EXCEPTION
    -- Only a superuser may create this extension, and not every server has it.
    WHEN insufficient_privilege OR undefined_file OR feature_not_supported THEN
        RAISE NOTICE 'no bloom index: %', SQLERRM;
END
$body$
"""


class Migration(migrations.Migration):
    """Adds what no model can ask for without failing elsewhere."""

    dependencies = [("project_postgres_contrib", "0002_models")]

    operations = [migrations.RunSQL(BLOOM, "DROP EXTENSION IF EXISTS bloom CASCADE")]
