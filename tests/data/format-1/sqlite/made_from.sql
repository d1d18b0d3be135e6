CREATE TABLE author (id integer PRIMARY KEY, name text NOT NULL UNIQUE);
CREATE TABLE book (id integer PRIMARY KEY AUTOINCREMENT, author_id integer NOT NULL REFERENCES author (id), title text NOT NULL, price numeric, cover blob);
CREATE INDEX book_title ON book (title COLLATE NOCASE) WHERE price IS NOT NULL;
CREATE VIEW priced AS SELECT author.name, book.title, book.price FROM book JOIN author ON author.id = book.author_id WHERE price IS NOT NULL;
CREATE TABLE log (entry text);
CREATE TRIGGER book_added AFTER INSERT ON book BEGIN INSERT INTO log VALUES (new.title); END;
INSERT INTO author VALUES (1, 'Ada'), (2, 'Grace Ünïcode'), (9007199254740993, 'line
break	tab \N');
INSERT INTO book (author_id, title, price, cover) VALUES (1, 'Notes', 12.50, x'00ff10'), (2, '', NULL, NULL), (9007199254740993, '日本語', 0.1, x'');
