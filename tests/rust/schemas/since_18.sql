CREATE TABLE shop.virtual (a integer, b integer GENERATED ALWAYS AS (a + 1) VIRTUAL, c integer GENERATED ALWAYS AS (a + 2) STORED);
CREATE TABLE shop.named (
    a integer CONSTRAINT "a must be" NOT NULL,
    b integer NOT NULL NO INHERIT,
    c integer CONSTRAINT c_alone NOT NULL NO INHERIT,
    d integer,
    e integer
);
ALTER TABLE shop.named ADD CONSTRAINT d_some_day NOT NULL d NOT VALID;
CREATE TABLE shop.named_child (CONSTRAINT child_e NOT NULL e) INHERITS (shop.named);
CREATE TABLE shop.believed (id integer PRIMARY KEY, up integer,
    CONSTRAINT believed_up FOREIGN KEY (up) REFERENCES shop.believed NOT ENFORCED,
    CONSTRAINT believed_check CHECK (up > 0) NOT ENFORCED);
CREATE TABLE shop.temporal (id integer, during daterange, PRIMARY KEY (id, during WITHOUT OVERLAPS) WITH (fillfactor = 70));
CREATE TABLE shop.temporal_child (id integer, during daterange,
    FOREIGN KEY (id, PERIOD during) REFERENCES shop.temporal (id, PERIOD during));
CREATE TABLE shop.numbered (id integer GENERATED ALWAYS AS IDENTITY, k integer) PARTITION BY LIST (k);
CREATE TABLE shop.numbered_1 PARTITION OF shop.numbered FOR VALUES IN (1);
CREATE DOMAIN shop.certain AS integer CONSTRAINT "must be" NOT NULL;
