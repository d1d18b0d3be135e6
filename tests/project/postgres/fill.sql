-- Rows for the tables of objects.sql; the text {rows} stands for the number of rows of each larger table.

INSERT INTO citizen (mood, even, nickname, home, homes, span, spans, money, ratio, flags, network, machine, spot,
                     document, raw, "char", fixed)
VALUES
    ('😀 very happy', 2, E'tab\tline\n', ROW (E'a "quoted", (street) \\', 7, 'happy'),
     ARRAY [ROW (NULL, NULL, NULL)::address, NULL, ROW ('', 0, 'sad')::address], '[1.5,2.5)', '{[1,2),[3,4)}',
     'NaN', 'Infinity', B'101', '10.0.0.0/8', '08:00:2b:01:02:03', '(1.1,-2.2)',
     NULL, '{"b": 1, "a": 2,   "a": 3}', 'x', 'ab'),
    ('sad', NULL, '\N', NULL, '{}', 'empty', '{}',
     '-123456789012345678901234567890.123456789012345678901234567890', 'NaN', B'', '::/0', NULL, '(NaN,Infinity)',
     NULL, 'null', '', ''),
    ('indifferent', 2147483646, E'\\.', ROW (NULL, NULL, NULL), NULL, '(,)', NULL,
     '-Infinity', '1e-45', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO citizen (money, ratio) SELECT number * 1.1, number / 3.0::real FROM generate_series(1, {rows}) AS number;
DO $body$
BEGIN
    UPDATE citizen SET document = '<a b="1">text &amp; more</a>' WHERE id = 1000;
EXCEPTION
    -- A server built without libxml has the type but takes no value of it.
    WHEN feature_not_supported THEN NULL;
END
$body$;
-- A number that was used and rolled back, or deleted, leaves a gap.
DELETE FROM citizen WHERE id = 1030;

INSERT INTO "Second Schema".legacy_invoice SELECT min(number) FROM public.legacy_invoice;
INSERT INTO without_key VALUES (NULL), (''), ('twice'), ('twice');
INSERT INTO without_columns DEFAULT VALUES;
INSERT INTO without_columns DEFAULT VALUES;
INSERT INTO unlogged SELECT generate_series(1, 10);

INSERT INTO measurement (sensor, day, value)
SELECT number % 10, date '2025-11-01' + number / 10, CASE number % 7 WHEN 0 THEN 'NaN' ELSE sqrt(number) END
FROM generate_series(1, {rows} * 10) AS number;
INSERT INTO measurement VALUES (1, '-infinity', '-Infinity', 'before all'), (2, 'infinity', '-0', 'after all'),
                               (11, '2026-05-05', NULL, NULL), (3, '4713-01-01 BC', 1e-300, '');

INSERT INTO city VALUES ('Village', 0);
INSERT INTO capital VALUES ('Paris', 2100000, 'France');
INSERT INTO lonely_capital VALUES ('Rome', NULL, 'Roberto');
INSERT INTO secret VALUES ('nobody', 'hidden from most'), (CURRENT_USER, '');

-- Numbers of their own, so that two databases hold the same.
SELECT lo_from_bytea(424201, decode(repeat('00ff5c0a0d09', 60000), 'hex'));
SELECT lo_from_bytea(424202, ''::bytea);
SELECT lo_from_bytea(424203, convert_to('large, but not very', 'UTF8'));
COMMENT ON LARGE OBJECT 424203 IS 'a comment on a large object';
-- The fourth row points to no large object.
INSERT INTO attachment VALUES (1, 424201), (2, 424202), (3, 424203), (4, 999999);

SELECT setval('ticket_number', 1234 - 1234 % 5 + 5 * {rows}, false);
REFRESH MATERIALIZED VIEW mood_count;
REFRESH MATERIALIZED VIEW happy_total;
