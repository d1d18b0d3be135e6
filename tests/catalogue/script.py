"""Reads a script as psql does, and finds what psql would do itself: `\\!`, `\\connect`, …; and the comments."""

import re

# What may hold a backslash as text; an identifier may precede a quotation mark.
TOKEN = re.compile(
    r"""
    (?P<text> (?<![\w$]) [eE] '(?: [^'\\] | \\. | '' )*' | '(?: [^'] | '' )*' | "(?: [^"] | "" )*"
            | (?<![\w$]) \$ (?P<tag> (?: [^\W\d] \w* )? ) \$ .*? \$ (?P=tag) \$ )
    | (?P<comment> --[^\r\n]* | /\*.*?\*/ )
    | (?P<command> \\[^\n]* )
    | (?P<end> ; )
    """,
    re.VERBOSE | re.DOTALL,
)


def commands_and_comments(script: str) -> tuple[list[str], list[str]]:
    commands: list[str] = []
    comments: list[str] = []
    position = statement = 0
    while token := TOKEN.search(script, position):
        position = token.end()
        if token["command"]:
            commands.append(token["command"])
        elif token["comment"]:
            comments.append(token["comment"])
            statement = position
        elif token["end"]:
            text = script[statement:position].strip()
            if text.startswith("COPY ") and text.endswith(" FROM stdin;"):
                position = script.index("\n\\.\n", position) + 4
            statement = position
    return commands, comments
