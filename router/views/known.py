"""The views that are followed, by name. A new one is its own file and a row here."""

from __future__ import annotations

from collections.abc import Mapping

from router.views.agent_time import AGENT_TIME
from router.views.answering import ANSWERING
from router.views.legs import LEGS_VIEW
from router.views.occupancy import OCCUPANCY
from router.views.orders import ORDERS_VIEW
from router.views.promises import PROMISES_VIEW
from router.views.ratings import RATINGS_VIEW
from router.views.rulings import RULINGS_VIEW
from router.views.sounding import SOUNDINGS_VIEW
from router.views.view import View

_ALL = (
    LEGS_VIEW,
    AGENT_TIME,
    ANSWERING,
    ORDERS_VIEW,
    PROMISES_VIEW,
    RATINGS_VIEW,
    RULINGS_VIEW,
    OCCUPANCY,
    SOUNDINGS_VIEW,
)
VIEWS: Mapping[str, View] = {view.spec.name: view for view in _ALL}
