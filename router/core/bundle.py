"""The running configuration as the core sees it: checked, expanded to UTC, canonical. No files, no zones."""

from __future__ import annotations

import hashlib

import msgspec

from router.core.complaints import ComplaintRules
from router.core.helping import HelpRules
from router.core.scorecards import ReviewRules
from router.core.segments import Segment

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
# So much longer a wrap-up with a limit lasts when its agent asks, once.
WRAP_UP_EXTRA_MS = 60 * SECOND_MS


class Part(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One named part of a bundle."""


class Closing(Part, frozen=True, kw_only=True):
    """What happens to those in line when a queue closes: served for `serve_ms`, or moved at once (0)."""

    serve_ms: int = 0


class Affinity(Part, frozen=True, kw_only=True):
    """A customer's own agent is waited for so long; `when_away` says whether also while they take no work."""

    hold_ms: int = MINUTE_MS
    within_ms: int = 0
    when_away: str = "skip"


class Repeat(Part, frozen=True, kw_only=True):
    """Who was here within so long is raised: by priority, by a head start, or both."""

    within_ms: int
    priority: int = 0
    head_start_ms: int = 0


class OffHours(Part, frozen=True, kw_only=True):
    """What a closed queue does with an arrival.

    `notices` maps a channel to the notice its customer is told (default `off-hours`);
    `then` names the fallback queue, or is empty: keep for this queue's own next opening.
    """

    notices: dict[str, str] = {}
    then: str = ""


class NoAnswer(Part, frozen=True, kw_only=True):
    """What silence to an offer does to the agent: `not_responding`, or `rest`: only this conversation stays away.

    After `serial_max` unanswered offers in a row it is `not_responding` in either case.
    """

    then: str = "not_responding"
    serial_max: int = 3


class Unanswered(Part, frozen=True, kw_only=True):
    """What becomes of a customer who waits for the owner: said each `remind_ms`, after `after_ms` what `then` names.

    `queue`: it goes back in line at its old place; `supervisor`: it is said to those who supervise, and again later.
    """

    remind_ms: int
    after_ms: int
    then: str = "queue"


class Widening(Part, frozen=True, kw_only=True):
    """One step, so long after a conversation came to the queue.

    `needs` are lowered to these levels, 0 drops them (`language:` means whichever it is); the agents of `queues` may
    serve too; `priority` is added.
    """

    after_ms: int
    needs: tuple[tuple[str, int], ...] = ()
    queues: tuple[str, ...] = ()
    priority: int = 0


class Overflow(Part, frozen=True, kw_only=True):
    """One way out of a queue that is too much for its customers; `decide/overflow.py` says what the words do.

    `when`: full (more than `waiting_max` wait), slow (in line for `after_ms`, or the estimate on arrival says longer),
    nobody (in line for `after_ms`, and nobody is signed in who can serve it). `way`: queue, callback, voicemail, email,
    notice; `to` is the other queue, `keep`: people of this one may still take it there. `channels` empty: all.
    """

    when: str
    way: str = "queue"
    to: str = ""
    waiting_max: int = 0
    after_ms: int = 0
    channels: tuple[str, ...] = ()
    keep: bool = False
    notice: str = ""


class Opening(Part, frozen=True, kw_only=True):
    """How what was kept for an opening is let in: so many in a minute, in order; 0 for all at once."""

    per_minute: int = 0


class Callback(Part, frozen=True, kw_only=True):
    """How this queue calls back. `mode`: agent_first, customer_first, or empty: it does not."""

    mode: str = "agent_first"
    attempts: int = 3
    retry_ms: int = 10 * MINUTE_MS
    ring_ms: int = 45 * SECOND_MS
    notice: str = ""


class Silence(Part, frozen=True, kw_only=True):
    """A customer who does not answer is reminded by a notice after `remind_ms`, and left alone after `close_ms`."""

    remind_ms: int
    close_ms: int
    notice: str = ""


class Queue(Part, frozen=True, kw_only=True):
    """Where conversations of one kind wait. Durations in milliseconds.

    `order` names who goes first (`orders.ORDERS`), `clock` whether waiting is counted in opening time, `agents` the
    steps by which one of several agents is chosen (`choosing.STEPS`), the default ones when empty. `prefer` are skills
    that a step of `widen` lets go of; `language` says that the customer's own is needed (`required`, `preferred`).

    `transfer_refused`: where it goes when an agent does not take a transfer, `sender` or `queue`. What goes back and
    forth more than `transfers_max` times goes to `transfers_then`, or stays and is said to those who supervise.
    `leg_grace_ms`: so long an owner may be off a live line.
    """

    name: str
    hours: str
    label: dict[str, str] = {}
    skills: dict[str, int] = {}
    weight: int = 1
    answer_within_ms: dict[str, int] = {}
    order: str = "balanced"
    clock: str = "business"
    agents: tuple[str, ...] = ()
    prefer: dict[str, int] = {}
    language: str = ""
    widen: tuple[Widening, ...] = ()
    offer_ms: int = 20 * SECOND_MS
    wrap_up_ms: int = 60 * SECOND_MS
    hold_ms: int = 2 * MINUTE_MS
    rest_ms: int = 30 * SECOND_MS
    remind_ms: int = 10 * MINUTE_MS
    park_ms: int = 7 * DAY_MS
    closing: Closing = Closing()
    off_hours: OffHours = OffHours()
    overflow: tuple[Overflow, ...] = ()
    opening: Opening = Opening()
    callback: Callback = Callback()
    silent: dict[str, Silence] = {}
    transfer_refused: str = "queue"
    transfers_max: int = 3
    transfers_then: str = ""
    leg_grace_ms: int = 10 * SECOND_MS
    affinity: dict[str, Affinity] = {}  # by kind: see `decide.affinity`
    related: bool = False  # open conversations of one customer are told of each other
    repeat: Repeat | None = None
    next_within_ms: dict[str, int] = {}  # by channel: how soon a customer who wrote again is answered
    window_closed: str = "show"
    ring: int = 1  # so many agents ring at once
    auto_answer: bool = False  # the desk accepts by itself
    pull: str = ""  # `also`: agents may take what waits besides; `only`: nothing is offered
    no_answer: NoAnswer = NoAnswer()
    unanswered: dict[str, Unanswered] = {}  # by channel, "" for those not named
    owner_absent_ms: int = 0  # so long what was woken waits for an owner who is not signed in; 0 for not at all
    shift_end: str = "refuse"  # of a sign-out with live work: `refuse`, or `queue`: back in line at its place
    wrap_up_mode: str = "timed"  # optional, timed, required, fixed: see `decide.wrapping`
    outcomes: tuple[str, ...] = ()  # what may come of its conversations, all dispositions when empty
    transfer_note: str = ""  # `required`: who hands a conversation to it leaves a note


class Contact(Part, frozen=True, kw_only=True):
    """Somebody outside to whom conversations of `queues` (empty: of all) may be given: a partner, a technician.

    `phone` is called; by `mail_by`, a channel, mail goes to `email`. `hours` is a calendar, empty for always. `then`:
    what is given to them `stays` ours, and something is due after `due_ms`, or it `leaves` us. What they do not take,
    or is due, goes back to `refused`: who gave it (`sender`), or its `queue`. `ring_ms`: so long they are called, and
    with `confirm` who is given a customer presses a key first. `story`: what of it goes with a mail. `notice` is told
    to a customer who is given.
    """

    name: str
    label: dict[str, str] = {}
    phone: str = ""
    email: str = ""
    mail_by: str = ""
    languages: tuple[str, ...] = ()
    hours: str = ""
    queues: tuple[str, ...] = ()
    then: str = "stays"
    due_ms: int = 4 * HOUR_MS
    refused: str = "sender"
    ring_ms: int = 40 * SECOND_MS
    confirm: bool = True
    story: str = "last"
    notice: str = ""


class Rule(Part, frozen=True, kw_only=True):
    """First match wins. `when` is CEL over facts and `open.<calendar>`; empty means always."""

    name: str
    queue: str
    when: str = ""
    skills: dict[str, int] = {}
    head_start_ms: int = 0
    priority: int = 0
    affinity: dict[str, Affinity] = {}  # instead of its queue's of the same kind
    repeat: Repeat | None = None


class Topic(Part, frozen=True, kw_only=True):
    """A named CEL condition over `message.text`, `message.subject`, evaluated before the decision."""

    name: str
    when: str


class Presence(Part, frozen=True, kw_only=True):
    """One state of an agent. `accepts` says whether work may be offered in it, `channels` of which, all if empty.

    With `idle_ms` nobody chooses it: it begins for who has not touched their desk for so long, of these teams or any.
    """

    name: str
    accepts: bool
    channels: tuple[str, ...] = ()
    idle_ms: int = 0
    teams: tuple[str, ...] = ()
    label: dict[str, str] = {}
    shape: str = "disc"


class SavedReply(Part, frozen=True, kw_only=True):
    """A sentence agents have ready, by language. It decides nothing; `queues` keeps it to conversations of these."""

    name: str
    label: dict[str, str] = {}
    text: dict[str, str] = {}
    queues: tuple[str, ...] = ()


class Reserve(Part, frozen=True, kw_only=True):
    """So many agents who can do all of `needs` stay completely free for conversations that need it."""

    needs: tuple[tuple[str, int], ...]
    agents: int


class Wallboard(Part, frozen=True, kw_only=True):
    """What a site's wallboard counts, and the limits that colour it. It decides nothing.

    The business day begins at `day_start_minute` of the site's clock. `target_percent` of the legs are to be answered
    in time, `target_percents` names queues of which it is another. Who leaves within `short_abandon_ms` (by channel,
    else the usual) has not abandoned. The three switches say what the service level counts. `names`: agents may be
    named where something is to be looked after.
    """

    day_start_minute: int = 0
    target_percent: int = 80
    target_percents: dict[str, int] = {}
    abandoned_percent_max: int = 5
    wait_ms_max: int = 5 * MINUTE_MS
    short_abandon_ms: dict[str, int] = {}
    count_flow_outs: bool = False
    count_short_abandons: bool = False
    count_abandons: bool = True
    names: bool = False


class ChannelSpec(Part, frozen=True, kw_only=True):
    """What routing must know of a channel: the load of one conversation, and whether someone is on the line."""

    load: int
    live: bool
    confirm: str = ""  # the notice with which an arrival is confirmed, empty for none
    test: bool = False  # what comes by it stays out of the figures
    interrupted_by: tuple[str, ...] = ()  # work of these channels may come on top of work of this one
    connects: bool = False  # others can be brought onto its lines, and are heard there


class Bundle(Part, frozen=True, kw_only=True):
    """Everything a decision may depend on besides the state.

    `calendars` maps a name to sorted UTC milliseconds `[open, close, open, close, ...]`; an empty
    list never opens. `texts` maps a notice to language to text; the core hands on the notice's name only.
    """

    site: str
    zone: str
    languages: tuple[str, ...]
    queues: dict[str, Queue]
    rules: tuple[Rule, ...]
    topics: tuple[Topic, ...]
    calendars: dict[str, tuple[int, ...]]
    skills: dict[str, int]
    presences: dict[str, Presence]
    channels: dict[str, ChannelSpec]
    dispositions: tuple[str, ...] = ()
    decline_reasons: tuple[str, ...] = ()
    texts: dict[str, dict[str, str]] = {}
    grace_ms: int = 60 * SECOND_MS
    reopen_ms: int = DAY_MS
    capacity: int = 100
    fair_every: int = 20  # of so many choices an agent makes, one goes to who has waited longest; 0 for none
    reserves: tuple[Reserve, ...] = ()
    contacts: dict[str, Contact] = {}
    replies: dict[str, SavedReply] = {}
    calendar: str = ""  # in which screens count years: `buddhist` or `gregory`, empty for the reader's own
    outcome_reasons: dict[str, tuple[str, ...]] = {}  # by disposition: the reasons one may choose with it
    wallboard: Wallboard = Wallboard()
    complaints: ComplaintRules = ComplaintRules()
    reviews: ReviewRules = ReviewRules()
    help: HelpRules = HelpRules()
    segments: tuple[Segment, ...] = ()
    files: dict[str, str] = {}
    name: str = ""


_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder(Bundle)


def encode_bundle(bundle: Bundle) -> bytes:
    """Return the canonical bytes of a bundle: equal bundles give equal bytes."""
    return _encoder.encode(bundle)


def decode_bundle(data: bytes) -> Bundle:
    """Read a bundle back. Raises `msgspec.ValidationError` when the bytes are not one."""
    return _decoder.decode(data)


def bundle_hash(data: bytes) -> str:
    """Return the name under which a bundle's bytes are kept for ever."""
    return hashlib.sha256(data).hexdigest()[:32]
