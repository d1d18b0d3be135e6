CREATE PUBLICATION filtered FOR TABLE app.book (id, title) WHERE (title <> 'it''s \' AND id > 3), TABLE "Od""d 'na me'
line äöü€"."Od""d 'na me'
line äöü€" WHERE ("Od""d 'na me'
line äöü€" IS NOT NULL);
CREATE PUBLICATION "of éééééééééééééééééééé" FOR TABLES IN SCHEMA app, "Od""d 'na me'
line äöü€", TABLE "Od""d 'na me'
line äöü€"."Od""d 'na me'
line äöü€" WITH (publish_via_partition_root);
CREATE SUBSCRIPTION since_15 CONNECTION 'dbname=y' PUBLICATION p WITH (connect = false, two_phase = true, disable_on_error = true, slot_name = 'slot');
