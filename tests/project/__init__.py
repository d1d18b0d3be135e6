"""A Django project with every kind of table a backup may meet."""
