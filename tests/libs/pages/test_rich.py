"""What people see and what agents read of a variant."""

import pytest
from pydantic import ValidationError

from libs.contracts.errors import InvalidError
from libs.contracts.experiments import MediaSpec
from libs.pages.rich import rendered


def html(text: str) -> tuple[str, str]:
    read, rich = rendered(text, "html", [], "content")
    assert rich is not None
    assert rich.html is not None
    return read, rich.html


def test_plain_text_stays_as_it_is() -> None:
    assert rendered("2 < 3 & <b>not bold</b>", "text", [], "content") == ("2 < 3 & <b>not bold</b>", None)


def test_scripts_styles_and_handlers_go_and_are_not_read_either() -> None:
    read, seen = html('<p onclick="x()">Buy <script>steal()</script><style>p{}</style>now</p>')
    assert read == "Buy now"
    assert seen == "<p>Buy now</p>"


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "http://example.com/a.png",
        "data:image/png;base64,AAAA",
        "/simulations/list",
        "//e.example/i",
    ],
)
def test_addresses_that_are_not_https_go(url: str) -> None:
    read, seen = html(f'<a href="{url}">here</a> <img src="{url}" alt="a red car">')
    assert url not in seen
    assert read == "here [Picture: a red car]"


def test_agents_read_lines_lists_and_the_description_of_pictures() -> None:
    read, _ = rendered(
        "# Sale\n\nBuy **now**:\n\n- shoes\n- hats\n\n![two hats](https://example.com/h.png)", "markdown", [], "content"
    )
    assert read.splitlines() == ["Sale", "Buy now:", "- shoes", "- hats", "[Picture: two hats]"]


def test_html_in_markdown_is_text_that_is_sanitised_too() -> None:
    _, rich = rendered("Hello <iframe src='https://example.com'></iframe> *you*", "markdown", [], "content")
    assert rich is not None
    assert "<iframe" not in str(rich.html)


def test_media_are_read_by_their_description_and_never_without_one() -> None:
    film = MediaSpec(kind="video", url="https://example.com/a.mp4", alt="a dog on a beach")
    read, rich = rendered("Look", "text", [film], "content")
    assert read == "Look\n[Film: a dog on a beach]"
    assert rich is not None
    assert (rich.html, rich.media[0].url) == (None, "https://example.com/a.mp4")
    with pytest.raises(ValidationError):
        MediaSpec(kind="image", url="http://example.com/a.png", alt="x")
    with pytest.raises(ValidationError):
        MediaSpec(kind="image", url="https://example.com/a.png", alt=" ")


def test_a_variant_that_nobody_can_read_is_refused() -> None:
    with pytest.raises(InvalidError) as caught:
        rendered('<img src="https://example.com/a.png">', "html", [], "variants.0.content")
    assert caught.value.errors[0].field == "variants.0.content"
