CREATE TABLE shop.stored (a integer, b text STORAGE EXTERNAL);
CREATE TABLE shop.summed_otherwise (b integer GENERATED ALWAYS AS (a + 2) STORED) INHERITS (shop.summed);
