"""No models: backups must be found and restored when the database is gone.

The module exists so that Django sends the app its migration signals.
"""
