"""Gives what makes text for people only facts that are safe to show; JSON is made of the facts themselves."""

from collections.abc import Callable, Iterator, Mapping
from copy import copy
from dataclasses import fields, is_dataclass
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from holdfast.exceptions import HoldfastError
from holdfast.visible import visible

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


def for_people(render: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
    """Decorate what makes text of facts: it gets copies of them in which every text is visible."""

    @wraps(render)
    def rendered(*arguments: _Arguments.args, **keywords: _Arguments.kwargs) -> _Result:
        facts: Any = map(_shown, arguments)
        named: Any = {name: _shown(value) for name, value in keywords.items()}
        return render(*facts, **named)

    return rendered


def _shown(fact: Any) -> Any:
    if isinstance(fact, str):
        return visible(fact)
    if isinstance(fact, Path):
        return Path(visible(str(fact)))
    if isinstance(fact, HoldfastError):
        return type(fact)(visible(fact.message), fact.hint and visible(fact.hint))
    if is_dataclass(fact) and not isinstance(fact, type):
        return _shown_fields(fact)
    return _shown_parts(fact)


def _shown_fields(fact: Any) -> Any:
    shown = copy(fact)
    for field in fields(fact):
        object.__setattr__(shown, field.name, _shown(getattr(fact, field.name)))
    return shown


def _shown_parts(fact: Any) -> Any:
    if isinstance(fact, Mapping):
        return {_shown(name): _shown(value) for name, value in fact.items()}
    if isinstance(fact, list | tuple | Iterator):
        return tuple(map(_shown, fact))
    return fact
