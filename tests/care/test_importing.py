"""A table of customers: all of it or none of it, found by number or address, segments and attributes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner

from router.care.importing import Faulty, Imported, Importing
from router.cli import main
from router.site.datalock import STORE_FILE
from router.site.key import load_site_key
from router.store.sqlite import keyed_hasher, open_sqlite
from tests.care.home import Home
from tests.store.makers import SITE, caller, proved, typed


async def segment_of(home: Home, customer: int) -> str:
    row = await home.store.archive.customer(SITE, customer)
    assert row is not None
    return row.segment


async def test_a_table_sets_segments_and_attributes_of_whom_it_names(home: Home) -> None:
    ada, ben = await home.meets("a", proved("ada@x")), await home.meets("b", typed("+66 81 234 5678", kind="phone"))
    table = f"number,email,phone,segment,tier\n,ADA@x,,vip,gold\n{ben.customer},,,press,\n"
    importing = Importing(SITE, home.store)
    assert await importing.do(table, at=1) == Imported(lines=2, placed=2, described=1)
    assert await importing.do(table, at=2) == Imported(lines=2, placed=0, described=0)
    assert (await segment_of(home, ada.customer), await segment_of(home, ben.customer)) == ("vip", "press")
    (placing,) = await home.store.customers.placings(SITE, ada.customer, limit=9)
    assert (placing.agent, placing.was) == (0, "")
    assert await importing.do("phone,segment\n+66 81-2345678,\n0066812345678,vip\n", at=3) == Imported(
        lines=2, placed=2, described=0
    )
    again = await home.store.archive.customer(SITE, ada.customer)
    assert again is not None
    assert again.attributes == {"tier": "gold"}


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ("", "line 1: there must be a column number, email or phone"),
        ("email,segment,segment\n", "line 1: 50 columns at most, each of another name"),
        ("email,Köln\n", "line 1: 'Köln' is no name of an attribute"),
        ("email,segment\nada@x,vip\nzoe@x,vip\n", "line 3: nobody has this address"),
        ("email,segment\ntwin@x,vip\n", "line 2: several customers have this address; name one by number"),
        ("number,segment\n99,vip\n", "line 2: there is no customer of this number"),
        ("number,segment\none,vip\n", "line 2: there is no customer of this number"),
        ("email,segment\nada@x,the best\n", "line 2: its segment is no name of a segment"),
        ("email,segment\nada@x\n", "line 2: it has another number of cells than the first line"),
        ("email,note\nada@x," + "x" * 501 + "\n", "line 2: a cell is longer than 500 characters"),
    ],
)
async def test_a_faulty_line_is_named_and_nothing_is_done(home: Home, table: str, fault: str) -> None:
    ada = await home.meets("a", proved("ada@x"))
    await home.meets("t1", typed("twin@x"))
    await home.meets("t2", typed("twin@x"))
    with pytest.raises(Faulty) as caught:
        await Importing(SITE, home.store).do(table, at=1)
    assert caught.value.faults == [fault]
    assert await segment_of(home, ada.customer) == ""


async def test_what_is_kept_of_segments_is_handed_out(home: Home) -> None:
    ada = await home.meets("a", proved("ada@x"))
    await Importing(SITE, home.store).do("email,segment\nada@x,vip\n", at=1)
    told = await home.exporter.read(ada.customer)
    assert told is not None
    assert [(each["segment"], each["was"]) for each in told["segments"]] == [("vip", "")]


def test_the_command_imports_a_file_and_says_what_it_did(tmp_path: Path) -> None:
    async def made() -> None:
        store = await open_sqlite(
            tmp_path / STORE_FILE, hasher=keyed_hasher(load_site_key(tmp_path, {}).derive("store"))
        )
        await store.archive.meet(SITE, [caller("a", proved("ada@x"))], 1_000)
        await store.close()

    asyncio.run(made())
    table = tmp_path / "customers.csv"
    table.write_text("email,segment\nada@x,vip\n", encoding="utf-8-sig")
    words = ["customers", "import", str(table), "--data", str(tmp_path)]
    done = CliRunner().invoke(main, words)
    assert done.output == "1 lines: 1 in another segment, 0 with other attributes.\n"
    table.write_text("email,segment\nzoe@x,vip\n")
    faulty = CliRunner().invoke(main, words)
    assert (faulty.exit_code, "line 2: nobody has this address" in faulty.output) == (1, True)
