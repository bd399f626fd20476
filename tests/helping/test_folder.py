"""Articles as a folder: what comes out goes in again, nothing is written twice, a fault names its file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from dashboard.helping.folder import FaultyFolder, Folder, Taken, files_of
from router.cli import main
from router.clustering import open_store
from router.site.key import load_site_key
from router.store.port import Store

SITE = "main"
NOW_MS = 1_760_000_000_000
FILES = {
    "send-back.en.md": (
        "---\ntitle: Send it back: how\ncategory: returns\nstate: published\nqueues: orders, general\n---\n\n"
        "# Within 30 days\n\n---\n\nThat is all.\n"
    ),
    "send-back.th.md": "---\ntitle: คืนสินค้า\n---\nภายใน 30 วัน",
    "care.en.md": "---\ntitle: Care\naudience: team\n---\nDry it.",
}


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    made = await open_store(tmp_path, load_site_key(tmp_path, {}))
    yield made
    await made.close()


async def take(store: Store, files: dict[str, str], *, later_ms: int = 0) -> Taken:
    return await Folder(SITE, store, first="en", now_ms=NOW_MS + later_ms).take(files)


async def test_what_is_taken_twice_is_written_once_and_comes_out_as_it_went_in(store: Store) -> None:
    assert await take(store, FILES) == Taken(new=2)
    assert await take(store, FILES) == Taken(same=2)
    articles = await store.articles.all(SITE, limit=9)
    care, send_back = sorted(articles, key=lambda each: each.slug)
    assert (care.state, care.audience) == ("draft", "team")
    assert (send_back.state, send_back.published_ms, send_back.queues) == ("published", NOW_MS, ("orders", "general"))
    assert send_back.texts["en"].title == "Send it back: how"
    assert send_back.texts["th"].made_of == 1
    out = files_of(articles, "en")
    assert set(out) == set(FILES)
    assert await take(store, out) == Taken(same=2)


async def test_a_translation_that_was_not_changed_with_its_original_is_older(store: Store) -> None:
    await take(store, FILES)
    files = {**FILES, "send-back.en.md": FILES["send-back.en.md"].replace("30", "60")}
    assert await take(store, files, later_ms=5) == Taken(changed=1, same=1)
    article = next(each for each in await store.articles.all(SITE, limit=9) if each.slug == "send-back")
    assert (article.texts["en"].number, article.texts["th"].made_of) == (2, 1)


@pytest.mark.parametrize(("state", "deed"), [("draft", "withdraw"), ("archived", "archive"), ("published", "create")])
async def test_a_state_in_the_file_is_a_step_in_the_history(store: Store, state: str, deed: str) -> None:
    await take(store, FILES)
    moved = FILES["send-back.en.md"].replace("state: published", f"state: {state}")
    await take(store, {"send-back.en.md": moved})
    article = next(each for each in await store.articles.all(SITE, limit=9) if each.slug == "send-back")
    assert article.state == state
    assert set(article.texts) == {"en", "th"}
    assert (await store.articles.steps(SITE, article.number, before=0, limit=1))[0].deed == deed


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("readme.md", "Hello", "name it <slug>.<language>.md"),
        ("a.en.md", "Hello", "must open with a line of ---"),
        ("a.en.md", "---\ncategory: x\n---\nHello", "no title"),
        ("a.en.md", "---\ntitle: A\nauthor: me\n---\nHello", "author: me"),
        ("a.en.md", "---\ntitle: A\nstate: live\n---\nHello", "state is one of"),
        ("a.en.md", "---\ntitle: A\n---\n", "text"),
        ("a--b.en.md", "---\ntitle: A\n---\nHello", "slug"),
        ("send-back.zh.md", "---\ntitle: A\ncategory: other\n---\nHello", "in another language"),
    ],
)
async def test_while_one_file_is_faulty_nothing_is_written(store: Store, name: str, text: str, said: str) -> None:
    with pytest.raises(FaultyFolder, match=said):
        await take(store, {**FILES, name: text})
    assert await store.articles.all(SITE, limit=9) == []


async def _made(data: Path) -> None:
    await (await open_store(data, load_site_key(data, {}))).close()


def test_the_command_takes_a_folder_and_writes_it_again(tmp_path: Path) -> None:
    data, source, out = tmp_path / "data", tmp_path / "in", tmp_path / "out"
    for folder in (data, source):
        folder.mkdir()
    asyncio.run(_made(data))
    for name, text in FILES.items():
        (source / name).write_text(text)
    said = [
        CliRunner().invoke(main, ["help", *map(str, words)])
        for words in (
            ("import", "--data", data, source),
            ("export", "--data", data, out),
            ("import", "--data", data, out),
        )
    ]
    assert [each.output.strip() for each in said] == [
        "2 new, 0 changed, 0 the same.", "Wrote 3 files.", "0 new, 0 changed, 2 the same."
    ]  # fmt: skip
    (source / "bad.md").write_text("x")
    assert "bad.md: name it" in CliRunner().invoke(main, ["help", "import", "--data", str(data), str(source)]).output
