"""Migrations of the table of runs."""
