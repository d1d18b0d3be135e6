"""Copy live SQLite databases to private files and back, through the library that Django itself uses.

A second SQLite library in this process, or a plain `open()` of a live file, would drop the locks of Django's own
connections (POSIX locks belong to the process), and committed rows would vanish. So nothing here opens a live file
but Python's own `sqlite3`, and the Rust core sees only the private files.
"""

from holdfast.sqlite.copying import freeze, live_page_size, thaw
from holdfast.sqlite.live import attached_files, location
from holdfast.sqlite.tables import current_counts, replace_tables

__all__ = ["attached_files", "current_counts", "freeze", "live_page_size", "location", "replace_tables", "thaw"]
