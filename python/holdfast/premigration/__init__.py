"""Backups before migrations, and the way back.

`plan` and `effects` say what `migrate` is about to do, `policy` whether that needs a backup, `circumstances` and
`revision` look around; `receiver` acts when Django migrates, `guarded` and `rollback` go back.
"""
