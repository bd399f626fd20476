"""What the daily sweep takes away, by age and by name, and what it must leave."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import msgspec

from dashboard.staging import Staged
from router.care.sweeping import DAY_MS, HOUR_MS, UPLOAD_AGE_MS_MAX, Swept
from router.store.filerows import FileRow, with_files
from router.telemetry import Telemetry
from tests.care.home import Home
from tests.store.makers import SITE, body


def aged(home: Home, file: FileRow, age_ms: int) -> None:
    """Let a file have been kept so long ago."""
    path = home.folder / "files" / file.file[:2] / file.file
    at_s = (home.clock.now - age_ms) / 1_000
    os.utime(path, (at_s, at_s))


def there(home: Home, *files: FileRow) -> list[bool]:
    return [(home.folder / "files" / file.file[:2] / file.file).exists() for file in files]


async def uploaded(home: Home, file: FileRow, ref: str = "R1") -> None:
    text = msgspec.json.encode([Staged(id="u1", file=file)]).decode()
    await home.store.accounts.save_draft(SITE, 7, f"{ref}:_files", text, home.clock.now)


async def test_a_file_that_no_row_names_goes_after_a_day_and_not_before(home: Home) -> None:
    met = await home.meets("k")
    named, lost, fresh = [await home.keeps(content) for content in (b"named", b"lost", b"fresh")]
    await home.says(met, "with a file", named, conv=1)
    aged(home, named, 2 * DAY_MS)
    aged(home, lost, DAY_MS + 1)
    aged(home, fresh, DAY_MS - HOUR_MS)
    assert (await home.sweeper.sweep()).files == 1
    assert there(home, named, lost, fresh) == [True, False, True]
    home.clock.now += 2 * DAY_MS
    assert (await home.sweeper.sweep()).files == 1
    assert there(home, named, fresh) == [True, False]


async def test_an_old_file_that_came_again_and_is_named_by_an_old_message_stays(home: Home) -> None:
    met = await home.meets("k")
    named = await home.keeps(b"named")
    await home.says(met, "with a file", named, conv=1)
    aged(home, named, 3 * DAY_MS)
    for _ in range(3):
        await home.sweeper.sweep()
        home.clock.now += DAY_MS
    again = await home.keeps(b"named")
    assert again.file == named.file
    aged(home, named, DAY_MS + HOUR_MS)
    await home.sweeper.sweep()
    assert there(home, named) == [True]


async def test_uploads_that_are_never_sent_go_after_a_week_and_what_was_sent_stays(home: Home) -> None:
    met = await home.meets("k")
    waits, sent = await home.keeps(b"waits"), await home.keeps(b"sent")
    await home.says(met, "the same file", sent, conv=1)
    await uploaded(home, waits, "R1")
    await uploaded(home, sent, "R2")
    await home.store.accounts.save_draft(SITE, 7, "R1:reply", "words stay", home.clock.now)
    for file in (waits, sent):
        aged(home, file, HOUR_MS)
    home.clock.now += UPLOAD_AGE_MS_MAX
    assert (await home.sweeper.sweep()).uploads == 0
    assert there(home, waits, sent) == [True, True]
    home.clock.now += 1
    swept = await home.sweeper.sweep()
    assert (swept.uploads, swept.files) == (2, 1)
    assert there(home, waits, sent) == [False, True]
    assert await home.store.accounts.drafts(SITE, 7) == {"R1:reply": "words stay"}


async def test_a_crash_between_list_and_file_keeps_no_file(home: Home) -> None:
    file = await home.keeps(b"waits")
    await uploaded(home, file)
    await home.store.notebook.note(SITE, "care", "doomed", json.dumps([file.file]))
    aged(home, file, 0)
    await home.sweeper.sweep()
    assert there(home, file) == [True]
    await home.store.accounts.save_draft(SITE, 7, "R1:_files", "", home.clock.now)
    await home.store.notebook.note(SITE, "care", "doomed", json.dumps([file.file]))
    assert (await home.sweeper.sweep()).files == 1
    assert there(home, file) == [False]


async def test_half_a_file_that_a_killed_process_left_goes_after_an_hour(home: Home) -> None:
    file = await home.keeps(b"whole")
    folder = home.folder / "files" / file.file[:2]
    old, new = folder / f"{'a' * 40}.1-1.part", folder / f"{'b' * 40}.1-2.part"
    for path, age_ms in ((old, HOUR_MS + 1_000), (new, HOUR_MS - 60_000)):
        path.write_bytes(b"half a Secret")
        at_s = (home.clock.now - age_ms) / 1_000
        os.utime(path, (at_s, at_s))
    linked = Path(home.folder / "linked")
    linked.hardlink_to(old)
    assert (await home.sweeper.sweep()).halves == 1
    assert (old.exists(), new.exists()) == (False, True)
    assert linked.read_bytes() == b"\0" * len(b"half a Secret")


async def test_what_was_written_and_never_decided_goes_at_the_second_sweep(home: Home) -> None:
    met = await home.meets("k")
    said = await home.says(met, "I wait", conv=1)
    file = await home.keeps(b"with it")
    [lost] = await home.store.archive.write(
        SITE, [with_files(body("never decided", direction="out", author="agent:7"), [file])]
    )
    aged(home, file, HOUR_MS)

    async def text(message: int) -> str:
        found = await home.store.archive.message(SITE, message)
        assert found is not None
        return found.body.text

    assert (await home.sweeper.sweep()).undecided == 0
    assert await text(lost) == "never decided"
    [newer] = await home.store.archive.write(SITE, [body("just written", direction="out", author="agent:7")])
    home.clock.now += HOUR_MS
    assert (await home.sweeper.sweep()).undecided == 1
    assert [await text(each) for each in (said, lost, newer)] == ["I wait", "", "just written"]
    assert there(home, file) == [False]
    home.clock.now += HOUR_MS
    assert (await home.sweeper.sweep()).undecided == 1
    assert await text(newer) == ""
    assert (await home.sweeper.sweep()) == Swept()


async def test_a_sweep_of_nothing_is_told_by_a_line_without_names(home: Home) -> None:
    log = io.StringIO()
    telemetry = Telemetry(log)
    swept = await home.sweeper.sweep()
    telemetry.info("swept", site=SITE, count=swept.files + swept.halves)
    assert json.loads(log.getvalue())["action"] == "swept"
