"""The rows of a news site, the same in every run: posts with bodies of words, comments, many narrow page views.

The words follow Zipf's law, as those of people do, so that a page of text compresses as a page of text.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random
from typing import NamedTuple

Row = tuple[str | int, ...]


class Table(NamedTuple):
    """A table's columns and rows."""

    name: str
    columns: tuple[str, ...]
    rows: Iterator[Row]


_START = datetime(2024, 1, 1)  # noqa: DTZ001 - a text without an offset; both engines take it for UTC
_VOCABULARY = 1_200
# Far more than stand in one chunk: a compressor with a long window must not find the same sentence again.
_SENTENCES = 100_000
_AUTHORS = 200
_CATEGORIES = 40


def tables(scale: float) -> Iterator[Table]:
    """Give all tables in an order that foreign keys allow; 1 is about a gigabyte of COPY text."""
    sentences = _sentences(Random(1))
    posts = max(1, round(250_000 * scale))
    yield Table("news_author", ("id", "name", "email", "biography"), _authors(sentences))
    yield Table("news_category", ("id", "name", "slug"), _categories())
    columns: tuple[str, ...] = (
        "id",
        "author_id",
        "category_id",
        "title",
        "slug",
        "summary",
        "body",
        "published",
        "is_public",
        "views",
    )
    yield Table("news_post", columns, _posts(sentences, posts))
    columns = ("id", "post_id", "name", "email", "text", "written", "is_approved")
    yield Table("news_comment", columns, _comments(sentences, posts, round(1_500_000 * scale)))
    columns = ("id", "post_id", "visitor", "viewed", "seconds")
    yield Table("news_pageview", columns, _page_views(posts, round(4_000_000 * scale)))


def _sentences(random: Random) -> list[str]:
    syllables = [
        first + vowel + last for first in "bcdfghlmnprstv" for vowel in "aeiou" for last in ("", "n", "r", "s")
    ]
    words = ["".join(random.choices(syllables, k=random.choice((1, 1, 2, 2, 3)))) for _ in range(_VOCABULARY)]
    weights = list(accumulate(1 / (rank + 1) for rank in range(_VOCABULARY)))
    return [
        " ".join(random.choices(words, cum_weights=weights, k=random.randint(5, 18))).capitalize() + "."
        for _ in range(_SENTENCES)
    ]


def _moment(seconds: float) -> str:
    return (_START + timedelta(seconds=seconds)).isoformat(" ")


def _authors(sentences: list[str]) -> Iterator[Row]:
    for number in range(1, _AUTHORS + 1):
        yield number, f"Author {number}", f"author{number}@news.example", " ".join(sentences[number : number + 5])


def _categories() -> Iterator[Row]:
    for number in range(1, _CATEGORIES + 1):
        yield number, f"Category {number}", f"category-{number}"


def _posts(sentences: list[str], count: int) -> Iterator[Row]:
    random = Random(2)
    for number in range(1, count + 1):
        title, summary, *body = random.choices(sentences, k=random.randint(7, 42))
        slug = f"{title[:60].rstrip('.').lower().replace(' ', '-')}-{number}"
        author, category = random.randint(1, _AUTHORS), random.randint(1, _CATEGORIES)
        moment = _moment(number * 300 + random.random())
        yield number, author, category, title[:200], slug, summary, " ".join(body), moment, 1, random.randint(0, 99_999)


def _comments(sentences: list[str], posts: int, count: int) -> Iterator[Row]:
    random = Random(3)
    for number in range(1, count + 1):
        text = " ".join(random.choices(sentences, k=random.randint(1, 4)))
        reader = int(random.paretovariate(0.5)) % 900_000
        post, moment = 1 + int(posts * random.random() ** 2), _moment(number * 40 + random.random())
        yield number, post, f"Reader {reader}", f"reader{reader}@mail.example", text, moment, int(number % 50 != 0)


def _page_views(posts: int, count: int) -> Iterator[Row]:
    random = Random(4)
    for number in range(1, count + 1):
        post = 1 + int(posts * random.random() ** 2)
        yield (
            number,
            post,
            int(random.random() * 900_000),
            _moment(number * 15 + random.random()),
            int(600 * random.random() ** 4),
        )
