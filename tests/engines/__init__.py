"""Engines of Django over SQLite as projects write them."""
