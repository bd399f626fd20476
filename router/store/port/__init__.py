"""The store's port: records and protocols every database is held to. No SQL, no decisions.

Every method takes the site first. Methods are coroutines, so that a database across a network fits.
Errors are the three below and nothing of a driver's.
"""

from __future__ import annotations

from router.store.port.accounts import Account, Accounts, Session
from router.store.port.archive import (
    Archive,
    Caller,
    CustomerRow,
    Dealing,
    History,
    Identity,
    KnownLine,
    LineRow,
    MessageRow,
    Met,
    Said,
    Story,
)
from router.store.port.articles import (
    Article,
    ArticleChange,
    ArticleCount,
    Articles,
    ArticleStep,
    ArticleText,
    SearchMissed,
)
from router.store.port.care import Care, Draft, Erasure, Merge, Merging
from router.store.port.complaints import (
    Complaint,
    ComplaintChange,
    ComplaintCount,
    ComplaintFilter,
    ComplaintLink,
    Complaints,
    ComplaintStep,
    ComplaintWords,
)
from router.store.port.customers import Customers, Placed, Placing, Recent
from router.store.port.faults import Fenced, StoreError, StoreUnavailable
from router.store.port.journal import (
    Commit,
    ConversationRow,
    Delivery,
    EffectEnd,
    Journal,
    JournalRow,
    NewEffect,
    Settled,
    Snapshot,
    TimelineRow,
)
from router.store.port.leases import Leases, Notebook
from router.store.port.letters import Body, Letter, Letterbox, NewLetter, Note
from router.store.port.outbox import Effect, Outbox
from router.store.port.relay import Relay
from router.store.port.reviews import (
    EndedRow,
    RatingFilter,
    RatingRow,
    RatingTally,
    Review,
    ReviewChange,
    ReviewFilter,
    Reviews,
    ReviewWords,
)
from router.store.port.row import Row
from router.store.port.senders import NewMark, SenderMark, Senders
from router.store.port.store import Store
from router.store.port.views import ViewPlace, ViewRow, Views, ViewSpec

__all__ = [
    "Account",
    "Accounts",
    "Archive",
    "Article",
    "ArticleChange",
    "ArticleCount",
    "ArticleStep",
    "ArticleText",
    "Articles",
    "Body",
    "Caller",
    "Care",
    "Commit",
    "Complaint",
    "ComplaintChange",
    "ComplaintCount",
    "ComplaintFilter",
    "ComplaintLink",
    "ComplaintStep",
    "ComplaintWords",
    "Complaints",
    "ConversationRow",
    "CustomerRow",
    "Customers",
    "Dealing",
    "Delivery",
    "Draft",
    "Effect",
    "EffectEnd",
    "EndedRow",
    "Erasure",
    "Fenced",
    "History",
    "Identity",
    "Journal",
    "JournalRow",
    "KnownLine",
    "Leases",
    "Letter",
    "Letterbox",
    "LineRow",
    "Merge",
    "Merging",
    "MessageRow",
    "Met",
    "NewEffect",
    "NewLetter",
    "NewMark",
    "Note",
    "Notebook",
    "Outbox",
    "Placed",
    "Placing",
    "RatingFilter",
    "RatingRow",
    "RatingTally",
    "Recent",
    "Relay",
    "Review",
    "ReviewChange",
    "ReviewFilter",
    "ReviewWords",
    "Reviews",
    "Row",
    "Said",
    "SearchMissed",
    "SenderMark",
    "Senders",
    "Session",
    "Settled",
    "Snapshot",
    "Store",
    "StoreError",
    "StoreUnavailable",
    "Story",
    "TimelineRow",
    "ViewPlace",
    "ViewRow",
    "ViewSpec",
    "Views",
]
