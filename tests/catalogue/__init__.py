"""Every kind of object that a PostgreSQL database can hold, each with its statement and the modes it must survive."""
