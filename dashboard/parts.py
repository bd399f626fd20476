"""The dashboard's own parts, built once per application from its surroundings. Wiring only."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.attaching import Attaching
from dashboard.commands import Commands
from dashboard.finding.mentions import Mentions
from dashboard.helping.shelf import Shelf
from dashboard.helping.tally import Tally
from dashboard.passwords import Passwords
from dashboard.pictures import Pictures
from dashboard.places import Places
from dashboard.sessions import Sessions
from dashboard.staff import Sight, Staff
from dashboard.staging import Staging
from dashboard.stories import Stories
from dashboard.surroundings import Surroundings
from dashboard.words import Words
from dashboard.writing import Writing
from router.views.board import Board
from router.views.standing import Standing


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """What the handlers work with."""

    out: Surroundings
    version: str
    passwords: Passwords
    sessions: Sessions
    staff: Staff
    sight: Sight
    words: Words
    board: Board
    standing: Standing
    pictures: Pictures
    stories: Stories
    places: Places
    commands: Commands
    writing: Writing
    staging: Staging
    attaching: Attaching
    mentions: Mentions
    shelf: Shelf
    tally: Tally


def build_parts(out: Surroundings, version: str) -> Parts:
    """Build everything; nothing runs yet. `version` is that of the web app's files."""
    passwords, staff, words = Passwords(), Staff(out), Words(out)
    sight, stories = Sight(out), Stories(out, staff)
    staging = Staging(out)
    board, commands = Board(lambda: out.floor.state), Commands(out)
    return Parts(
        out=out,
        version=version,
        passwords=passwords,
        sessions=Sessions(out, passwords),
        staff=staff,
        sight=sight,
        words=words,
        board=board,
        standing=Standing(lambda: out.floor.state, board),
        pictures=Pictures(out, staff=staff, words=words, board=board),
        stories=stories,
        places=Places(out, sight),
        commands=commands,
        writing=Writing(out, commands=commands),
        staging=staging,
        attaching=Attaching(out, staging),
        mentions=Mentions(out, staff=staff, sight=sight),
        shelf=Shelf(out),
        tally=Tally(out),
    )
