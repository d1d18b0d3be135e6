"""SQLCipher: another SQLite library, whose files are encrypted."""
