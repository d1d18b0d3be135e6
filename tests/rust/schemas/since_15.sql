CREATE UNLOGGED SEQUENCE shop.unlogged;
CREATE TABLE shop.null_once (a integer, b integer, UNIQUE NULLS NOT DISTINCT (a, b));
CREATE UNIQUE INDEX null_once_b ON shop.null_once (b) NULLS NOT DISTINCT;
ALTER TABLE shop.null_once ADD FOREIGN KEY (a, b) REFERENCES shop.null_once (a, b) ON DELETE SET NULL (a);
CREATE UNLOGGED TABLE shop.half_logged (id integer GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME shop.logged_numbers));
ALTER SEQUENCE shop.logged_numbers SET LOGGED;
