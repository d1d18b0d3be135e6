"""Makes text of others safe to show: the one place that decides which characters reach a terminal, a mail or a log.

Names of tables, messages of servers and manifests of files come from others. An escape sequence in one of them would
move the cursor, a line break would forge a line of ours, and a mark of direction would let a text read backwards.
JSON is exact and needs none of this: it escapes by itself.
"""

import logging
import traceback
import unicodedata
from pathlib import Path

# Controls, marks of format and direction, halves of characters that are no UTF-8, separators of lines and paragraphs.
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# Persian, the languages of India and composed emoji need these two; alone they are nothing.
_JOINERS = frozenset("\u200c\u200d")


def visible(text: str) -> str:
    r"""Give a text as one line that shows what is in it, and does nothing.

    >>> print(visible("a\x1b[2Jb\nc"))
    a\x1b[2Jb\nc
    """
    if text.isprintable():
        return text
    return "".join(_escaped(character) if _is_unsafe(character) else character for character in text)


def visible_lines(text: str) -> str:
    """Give a text of ours, whose line breaks are meant."""
    return "\n".join(visible(line) for line in text.split("\n"))


def encodable(text: str, encoding: str | None) -> str:
    """Give a text as a stream of this encoding can write it: no summary is lost because a terminal knows ASCII only."""
    known = encoding or "utf-8"
    return text.encode(known, "backslashreplace").decode(known)


def logger_of(name: str) -> logging.Logger:
    """Give a logger whose lines nobody else can forge."""
    logger = logging.getLogger(name)
    logger.addFilter(_clean)
    return logger


def _is_unsafe(character: str) -> bool:
    return unicodedata.category(character) in _UNSAFE and character not in _JOINERS


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()


def _clean(record: logging.LogRecord) -> bool:
    if isinstance(record.args, tuple):
        record.args = tuple(map(_logged, record.args))
    if record.exc_info and record.exc_info[1] is not None and not record.exc_text:
        # Formatters take it as it stands here.
        record.exc_text = visible_lines("".join(traceback.format_exception(record.exc_info[1])).rstrip("\n"))
    return True


def _logged(argument: object) -> object:
    return visible(str(argument)) if isinstance(argument, str | Path | BaseException) else argument
