"""The table of routes and roles, walked cell by cell."""

from __future__ import annotations

import re

from dashboard.app import HUB, api_routes
from dashboard.parts import build_parts
from dashboard.routes import Route
from tests.dashboard.office import Desk, Office
from tests.dashboard.test_board import hung

# What a role may not do, and what nobody may do without signing in; every other cell gets past the door.
SUPERVISORS_ONLY = {
    ("GET", "/agents"),
    ("GET", "/agents/{id}/answering"),
    ("GET", "/escalated"),
    ("GET", "/board/links"),
    ("GET", "/team"),
    ("GET", "/complaints/figures"),
    ("POST", "/articles"),
    ("PUT", "/articles/{number}"),
    ("POST", "/articles/preview"),
    ("GET", "/articles/misses"),
    ("GET", "/complaints/export"),
    ("GET", "/complaints/sounding"),
    ("GET", "/followups/{ref}/colleagues"),
    ("POST", "/followups/{ref}/hand"),
    ("GET", "/team/{id}/day"),
    ("PUT", "/team/{id}/skills"),
    ("PUT", "/team/{id}/roster"),
    ("POST", "/team/rosters"),
    ("POST", "/board/links"),
    ("DELETE", "/board/links/{id}"),
    ("POST", "/queues/{name}/closure"),
    ("POST", "/agents/{id}/sign-out"),
    ("GET", "/outbox/dead"),
    ("POST", "/outbox/dead/{id}/retry"),
    ("GET", "/letterbox/quarantine"),
    ("POST", "/emergency"),
    *(("GET", f"/reviews/{name}") for name in ("to-do", "figures", "export")),
    *((method, "/ratings/{ref}/seen") for method in ("POST", "DELETE")),
    ("POST", "/rules/check"),
    ("POST", "/rules/versions/{name}/apply"),
    ("GET", "/alarms"),
    ("GET", "/senders"),
    ("POST", "/senders"),
    ("DELETE", "/senders/{id}"),
    ("PUT", "/customers/{id}/care"),
    ("GET", "/customers/table"),
    ("POST", "/customers/{id}/segment"),
    ("GET", "/orders"),
    ("GET", "/conversations/{ref}/passed-over"),
    ("POST", "/agents/{id}/presence"),
    *(("POST", f"/conversations/{{ref}}/{deed}") for deed in ("assign", "move", "priority", "take-over")),
    *(("POST", f"/conversations/{{ref}}/{deed}") for deed in ("withdraw", "end", "recall", "join-as")),
}
ADMINS_ONLY = {("GET", "/customers/{id}/export"), ("POST", "/customers/{id}/erase")}
# Whoever is signed in, or has a link to the wallboard: the handler looks.
BY_LINK = {("GET", "/board")}
FOR_ANYBODY = {("POST", "/session"), ("POST", "/board/session"), ("GET", "/openapi.json")}


def table(office: Office) -> list[Route]:
    assert office.server is not None
    hub = office.server.app[HUB]
    return api_routes(build_parts(office.surroundings(), "v"), hub)


async def try_route(desk: Desk, route: Route) -> int:
    path = re.sub(r"\{\w+\}", "1", route.path)
    return (await desk.call(route.method, path, {} if route.changes else None)).status


async def test_every_cell_of_the_table_of_roles_holds(office: Office) -> None:
    people: dict[str, Desk] = {"": office.visitor()}
    for role in ("agent", "supervisor", "admin"):
        people[role] = await office.desk(role, role=role)
    routes = [route for route in table(office) if (route.method, route.path) != ("DELETE", "/session")]
    for route in routes:
        cell = (route.method, route.path)
        for role, desk in people.items():
            status = await try_route(desk, route)
            if not role and cell not in FOR_ANYBODY:
                assert status == 401, (cell, role)
            elif (role == "agent" and cell in SUPERVISORS_ONLY) or (role != "admin" and cell in ADMINS_ONLY):
                assert status == 403, (cell, role)
            elif cell != ("POST", "/session"):
                assert status not in {401, 403, 500}, (cell, role, status)


async def test_a_link_to_the_wallboard_opens_that_and_nothing_else(office: Office) -> None:
    wall, _ = await hung(office, await office.desk("sue", role="supervisor"))
    opened = set()
    for route in table(office):
        status = await try_route(wall, route)
        if status != 401 and (route.method, route.path) not in FOR_ANYBODY:
            opened.add((route.method, route.path))
    assert opened == BY_LINK


async def test_the_table_names_a_role_for_every_route_but_two(office: Office) -> None:
    open_routes = {(route.method, route.path) for route in table(office) if not route.role}
    assert open_routes == FOR_ANYBODY | BY_LINK
    assert {(route.method, route.path) for route in table(office) if route.role == "supervisor"} == SUPERVISORS_ONLY


async def test_an_unknown_role_may_nothing(office: Office) -> None:
    odd = await office.desk("odd", role="auditor")
    assert (await odd.get("/desk")).status == 403
