"""Every route, when all is well: each answers as its document says, and the document tells the truth."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from router.core import commands as cmd
from router.core.bundle import ChannelSpec, Contact
from router.store.port import Caller
from router.views.keeper import Keeper
from router.views.orders import ORDERS_VIEW
from router.views.promises import PROMISES_VIEW
from tests.dashboard.office import NOW_MS, SITE, Desk, Office, bundle
from tests.dashboard.rulehouse import RuleHouse
from tests.dashboard.test_board import unsecured
from tests.dashboard.witness import Witness, active, person

HOUR_MS = 3_600_000


async def attach(desk: Desk, ref: str) -> None:
    """Upload a file, look at it, and think better of it."""
    path, bytes_ = f"/conversations/{ref}/files", {"Content-Type": "application/octet-stream"}
    staged = await desk.call("POST", f"{path}?name=a.txt", raw=b"hello", **bytes_)
    assert staged.status == 200, staged.text
    assert (await desk.get(path)).body == [staged.body]
    assert (await desk.get(f"{path}/{staged.body['id']}")).text == "hello"
    assert (await desk.call("DELETE", f"{path}/{staged.body['id']}")).status == 204


async def test_every_route_answers_as_its_document_says(office: Office, witness: Witness, tmp_path: Path) -> None:
    ana = await person(office, witness, "ana", skills={"billing": 3})
    ben = await person(office, witness, "ben")
    sue = await person(office, witness, "sue", role="supervisor")
    await ana.begin()
    ref = await active(office, ana, key="k1")
    for path in (
        "/me",
        "/config",
        "/desk",
        "/drafts",
        "/drafts/dated",
        "/queues",
        "/waiting",
        "/waiting?queue=general&limit=1&after=1",
    ):
        assert (await ana.get(path)).status == 200, path
    for path in ("/replies", "/mentions", "/find?text=ada", "/find?text=ada&messages=true"):
        assert (await ana.get(path)).status == 200, path
    for path in ("", "/story", "/story?before=5&limit=1", "/targets", "/why", "/why?limit=2", "/colleagues"):
        assert (await ana.get(f"/conversations/{ref}{path}")).status == 200, path
    customer = (await ana.get(f"/conversations/{ref}")).body["customer"]["id"]
    assert (await ana.get(f"/customers/{customer}")).body["conversations"][0]["ref"] == ref
    assert (await ana.post(f"/customers/{customer}/tags", {"add": ["reseller"]})).body == {"tags": ["reseller"]}
    assert (await ana.post("/presence", {"presence": "lunch"})).status == 200
    assert (await ana.post("/presence", {"presence": "available"})).status == 200
    assert (await ana.call("PUT", f"/drafts/{ref}:reply", {"text": "half a sen"})).status == 204
    assert (await ana.get("/drafts")).body == {f"{ref}:reply": "half a sen"}
    assert (await ana.post(f"/conversations/{ref}/reply", {"text": "hi", "client_id": "c1"})).status == 200
    assert (await ana.post(f"/conversations/{ref}/note", {"text": "odd", "client_id": "c2"})).status == 200
    assert (await ana.post(f"/conversations/{ref}/hold", {"on": True})).status == 200
    assert (await ana.call("DELETE", f"/mentions/{ref}", {})).status == 204
    await attach(ana, ref)
    await keep_out(ana, ref)
    assert (await ana.post(f"/conversations/{ref}/close", {})).status == 200
    assert (await ana.post(f"/conversations/{ref}/wrap-up/extend", {})).status == 200
    assert (await ana.post(f"/conversations/{ref}/wrap-up", {"disposition": "solved"})).status == 200
    parked = await active(office, ana, key="k2")
    assert (await ana.post(f"/conversations/{parked}/park", {"until_ms": NOW_MS + HOUR_MS})).status == 200
    assert [each["state"] for each in (await ana.get("/desk")).body["work"]] == ["parked"]
    assert (await ana.post(f"/conversations/{parked}/resume", {})).status == 200
    assert [each["state"] for each in (await ana.get("/desk")).body["work"]] == ["active"]
    again = await ana.post(f"/conversations/{parked}/resume", {})
    assert (again.status, again.body["error"]["code"]) == (409, "not_parked")
    assert (await ana.post(f"/conversations/{parked}/park", {})).status == 200
    passed = await active(office, ana, key="k3")
    assert (await ana.post(f"/conversations/{passed}/transfer", {"queue": "general", "note": "yours"})).status == 200
    declined = await office.arrives("no", key="k4")
    decline = {"offer": office.offer(declined), "reason": "busy"}
    assert (await ana.post(f"/conversations/{office.ref(declined)}/decline", decline)).status == 200
    assert (await ana.post(f"/conversations/{office.ref(declined)}/take", {})).status == 200
    assert (await ana.post(f"/conversations/{office.ref(declined)}/park", {})).status == 200
    await call_back(office, ana)
    await take_part(office, ana, ben)
    await go_outside(office, ana)
    await order(office, sue, ana)
    await follow_up(office, sue, ana)
    await step_in(office, sue, ana)
    await emergency(sue)
    await know_people(office, sue)
    await look_after(sue, ana)
    await oversee(office, witness, sue, ana)
    await complain(sue, declined=office.ref(declined))
    await review(sue, closed=ref)
    await help_out(sue)
    await know_persons(office, await person(office, witness, "ada", role="admin"))
    assert (await ben.post("/shift", {"presence": "lunch"})).status == 200
    assert (await ben.call("DELETE", "/shift")).status == 200
    assert (await ben.call("DELETE", "/session")).status == 204
    ben.heard = witness.hear
    assert (await ben.sign_in()).status == 200
    assert (await ben.get("/openapi.json")).status == 200
    await ask_rules(office, witness, tmp_path / "config")
    served = {(method, path) for path, methods in witness.document["paths"].items() for method in methods}
    assert witness.answered == served


async def keep_out(ana: Desk, ref: str) -> None:
    """Whoever writes is blocked for an hour, and let in again."""
    at, hour = f"/conversations/{ref}/block", {"reason": "spam", "until_ms": NOW_MS + HOUR_MS}
    assert (await ana.post(at, hour)).body == (await ana.get(at)).body
    assert (await ana.call("DELETE", at, {})).status == 204


async def follow_up(office: Office, sue: Desk, ana: Desk) -> None:
    """Four promises: one is taken up, one moved, one handed on, one done."""
    assert sue.account is not None
    due_ms, refs = NOW_MS + HOUR_MS, []
    for number in range(4):
        refs.append(await active(office, ana, key=f"f{number}"))
        assert (await ana.post(f"/conversations/{refs[-1]}/park", {"until_ms": due_ms})).status == 200
    keeper = Keeper(PROMISES_VIEW, SITE, office.store)
    await keeper.begin()
    await keeper.catch_up()
    listed = (await ana.get("/followups?scope=mine&limit=50")).body["items"]
    assert {*refs} <= {each["ref"] for each in listed}
    assert (await ana.get("/followups/count")).body["mine_today"] == len(listed)
    assert (await ana.get(f"/followups/{refs[0]}")).body["line"]["due_ms"] == due_ms
    assert (await ana.post(f"/followups/{refs[0]}/take", {})).status == 200
    assert (await ana.post(f"/conversations/{refs[0]}/close", {"disposition": "solved"})).status == 200
    moved = {"due_ms": due_ms, "until_ms": due_ms + HOUR_MS}
    assert (await ana.post(f"/followups/{refs[1]}/move", moved)).status == 200
    assert (await sue.get(f"/followups/{refs[2]}/colleagues")).status == 200
    handed = {"due_ms": due_ms, "to_agent": sue.account.id, "reason": "expertise"}
    assert (await sue.post(f"/followups/{refs[2]}/hand", handed)).status == 200
    done = {"due_ms": due_ms, "disposition": "solved"}
    assert (await ana.post(f"/followups/{refs[3]}/done", done)).status == 200


async def complain(sue: Desk, *, declined: str) -> None:
    """A complaint from its recording to its end, and what is asked about it."""
    asked = {"command_id": "c1", "kind": "service", "severity": "minor", "happened": "Nobody called.", "ref": declined}
    case = (await sue.post("/complaints", asked)).body
    customer = case["line"]["customer"]["id"]
    for deed, said in (("answer", {"answer": "Called."}), ("close", {"outcome": "upheld", "cause": "process"})):
        step = {"deed": deed, "version": case["line"]["version"], "command_id": deed, **said}
        case = (await sue.post("/complaints/1/steps", step)).body
    assert case["line"]["stage"] == "closed"
    paths = ["", "/count", "/choices", "/figures", "/sounding", "/1", "/1/colleagues"]
    for path in (*(f"/complaints{path}" for path in paths), f"/customers/{customer}/complaints"):
        assert (await sue.get(path)).status == 200, path
    assert (await sue.get("/complaints/export")).status == 200
    assert customer in [each["id"] for each in (await sue.get("/customers?order=name")).body["items"]]
    assert (await sue.get("/customers/table")).status == 200
    assert (await sue.get("/segments")).body == {"segments": []}
    assert (
        await sue.post(f"/customers/{customer}/segment", {"command_id": "s1", "segment": "", "was": ""})
    ).status == 200
    assert len((await sue.get(f"/customers/{customer}/segment")).body["placings"]) == 1
    assert (await sue.get(f"/conversations/{declined}/complaints")).body["complaints"][0]["number"] == 1
    assert (await sue.post(f"/conversations/{declined}/complaints/none")).status == 204


async def help_out(sue: Desk) -> None:
    """An article from its first draft to everybody's page."""
    asked = {"slug": "send-back", "texts": {"en": {"title": "Send it back", "text": "- by *post*"}}}
    made = await sue.post("/articles", {**asked, "command_id": "a1"})
    assert (made.status, made.body["line"]["number"]) == (200, 1)
    done = await sue.call("PUT", "/articles/1", {**asked, "version": 1, "deed": "publish", "command_id": "a2"})
    assert (done.status, done.body["line"]["state"]) == (200, "published")
    assert (await sue.post("/articles/preview", {"text": "| a |\n| - |"})).status == 200
    for path in ("/articles?q=send", "/articles/1", "/articles/misses"):
        assert (await sue.get(path)).status == 200, path


async def review(sue: Desk, *, closed: str) -> None:
    """What customers said, and a review that is begun."""
    asked = {"deed": "begin", "command_id": "b1"}
    assert (await sue.post(f"/conversations/{closed}/review", asked)).status == 200
    for path in (
        "/ratings",
        "/ratings/split",
        "/reviews",
        "/reviews/count",
        "/reviews/to-do",
        "/reviews/figures",
        "/reviews/export",
    ):
        assert (await sue.get(path)).status == 200, path
    assert (await sue.get(f"/conversations/{closed}/review")).body["can"] == ["save", "drop", "hand"]
    assert (await sue.post(f"/ratings/{closed}/seen")).status == 204
    assert (await sue.call("DELETE", f"/ratings/{closed}/seen", {})).status == 204


async def oversee(office: Office, witness: Witness, sue: Desk, ana: Desk) -> None:
    """The wallboard, by a link too, and the team."""
    assert (await sue.get("/board")).status == 200
    made = (await sue.post("/board/links", {"name": "Hall"})).body
    wall = office.visitor()
    wall.heard = witness.hear
    assert (await wall.post("/board/session", {"token": made["token"]})).status == 204
    unsecured(wall)
    assert (await wall.get("/board")).status == 200
    (link,) = (await sue.get("/board/links")).body
    assert (await sue.call("DELETE", f"/board/links/{link['id']}", {})).status == 204
    assert (await wall.get("/board")).status == 401
    assert (await sue.get("/team")).status == 200
    assert (await sue.get(f"/team/{ana.account.id}/day")).status == 200
    assert (await sue.call("PUT", f"/team/{ana.account.id}/skills", {"skills": {"billing": 3}})).status == 200
    roster = {"roster": {"mon": ["09:00-12:00", "13:00-17:00"], "fri": ["22:00-06:00"]}}
    assert (await sue.call("PUT", f"/team/{ana.account.id}/roster", roster)).body["roster"] == roster["roster"]
    sheet = {"sheet": f"{ana.account.login},2026-12-24,09:00-12:00"}
    assert (await sue.call("POST", "/team/rosters", sheet)).body == {"members": 1, "days": 1}


async def ask_rules(office: Office, witness: Witness, folder: Path) -> None:
    """What runs, its versions and files; a message is tried, another explained; the files are read again."""
    house = await RuleHouse.open(office, folder)
    rita = await person(office, witness, "rita", role="supervisor")
    name = (await rita.get("/rules")).body["running"]["name"]
    for path in ("/versions", "/file?name=rules.yaml", "/archive", "/diff", "/weeks"):
        assert (await rita.get(f"/rules{path}")).status == 200, path
    assert (await rita.post("/rules/check", {})).body["state"] == "same"
    assert (await rita.post("/rules/try", {"channel": "chat", "text": "my order"})).body["rule"] == "orders"
    ref = office.ref(await office.arrives("hello", key="k90"))
    assert (await rita.get(f"/conversations/{ref}/placed")).body["rule"] == "everything else"
    assert (await rita.post(f"/rules/versions/{name}/apply", {"reason": "test"})).status == 200
    await house.look()


async def call_back(office: Office, ana: Desk) -> None:
    """A customer who waits asks through their agent; who is talked to is called at a time; one call is in vain."""
    ref = await active(office, ana, key="k15")
    later = await ana.post(f"/conversations/{ref}/callback", {})
    assert (later.status, later.body["error"]["code"]) == (409, "callback_time_missing")
    vain = await ana.post(f"/conversations/{ref}/callback/failed", {})
    assert (vain.status, vain.body["error"]["code"]) == (409, "no_callback")
    foreign = await ana.post(f"/conversations/{ref}/callback", {"line": 999_999})
    assert (foreign.status, foreign.body["error"]["code"]) == (409, "line_unknown")
    assert (await ana.post(f"/conversations/{ref}/callback", {"at_ms": NOW_MS + HOUR_MS})).status == 200
    rings = await office.arrives("call me", key="k16")
    ref = office.ref(rings)
    assert (await ana.post(f"/conversations/{ref}/callback", {})).status == 200
    assert (await ana.accept(rings)).status == 200
    assert (await ana.post(f"/conversations/{ref}/callback/failed", {})).status == 200


async def emergency(sue: Desk) -> None:
    """Everything is closed, which anybody may see, and open again."""
    order = {"until_ms": NOW_MS + HOUR_MS, "notice": "nothing-such", "reason": "fire"}
    unknown = await sue.post("/emergency", order)
    assert (unknown.status, unknown.body["error"]["code"]) == (409, "notice_unknown")
    assert (await sue.post("/emergency", {**order, "notice": "fire"})).status == 200
    assert (await sue.get("/emergency")).body == {"until_ms": NOW_MS + HOUR_MS, "notice": "fire"}
    assert (await sue.post("/emergency", {"until_ms": 0, "reason": "over"})).status == 200
    assert (await sue.get("/emergency")).body["until_ms"] == 0
    assert (await sue.get("/alarms")).status == 200


async def take_part(office: Office, ana: Desk, ben: Desk) -> None:
    """Ana asks Ben, lets him go, asks again and hands over; Ben leaves once by himself."""
    assert ben.account is not None
    ref = await active(office, ana, key="c1")
    await ben.begin()
    colleague = {"to_agent": ben.account.id}
    path = f"/conversations/{ref}/consult"
    assert (await ben.get(f"/conversations/{ref}")).status == 200
    assert (await ana.post(path, colleague)).status == 200
    assert (await ana.post(f"{path}/let-go", colleague)).status == 200
    assert (await ana.post(path, colleague)).status == 200
    assert (await ben.post(f"{path}/leave")).status == 200
    assert (await ana.post(path, {"queue": "general"})).status == 200
    (asked,) = (await ben.get("/desk")).body["taking_part"]
    assert (asked["ref"], asked["role"], asked["by"]["name"]) == (ref, "consult", "Ana")
    assert (await ben.post(f"{path}/join")).status == 200
    (part,) = (await ana.get(f"/conversations/{ref}")).body["participants"]
    assert (part["name"], part["role"], part["until_ms"]) == ("Ben", "consult", 0)
    assert (await ana.post(f"{path}/complete", {**colleague, "note": "all said"})).status == 200
    assert (await ben.get(f"/conversations/{ref}")).body["owner"]["name"] == "Ben"
    assert (await ben.post(f"/conversations/{ref}/close", {"disposition": "solved"})).status == 200
    assert (await ben.call("DELETE", "/shift")).status == 200


async def go_outside(office: Office, ana: Desk) -> None:
    """Ana asks a contact of the book, lets them go, asks again and hands over; and her browser gets its key."""
    lines = {**bundle().channels, "chat": ChannelSpec(load=25, live=True, connects=True)}
    contacts = {"acme": Contact(name="acme", phone="+420222333444", then="leaves")}
    await office.configure(bundle(contacts=contacts, channels=lines))
    ref = await active(office, ana, key="o1")
    path, (conv,) = f"/conversations/{ref}", [c for c in office.floor.state.convs.values() if office.ref(c.id) == ref]
    assert [each["name"] for each in (await ana.get(f"{path}/contacts")).body["contacts"]] == ["acme"]
    for _ in range(2):
        assert (await ana.post(f"{path}/outside", {"contact": "acme"})).status == 200
        assert (await ana.post(f"{path}/outside/let-go", {})).status == 200
    assert (await ana.post(f"{path}/outside", {"contact": "acme"})).status == 200
    await office.made(cmd.ReportParty(id="acme", line=conv.line, party="outside:acme", joined=True))
    assert (await ana.post(f"{path}/outside/complete", {"note": "all said"})).status == 200
    assert (await ana.post("/softphone", {})).body["channel"] == "phone"
    await office.configure(bundle())


async def order(office: Office, sue: Desk, ana: Desk) -> None:
    """Everything a supervisor can order about a conversation, and the list of it, newest first."""
    assert ana.account is not None
    await sue.begin()
    assert (await sue.post("/presence", {"presence": "lunch"})).status == 200
    ref = await active(office, ana, key="o1")
    because = {"reason": "asked"}
    path = f"/conversations/{ref}"
    offered = next(each["seq"] for each in (await sue.get(f"{path}/why")).body["items"] if each["kind"] == "Offered")
    assert (await sue.get(f"{path}/passed-over?seq={offered}")).body["able"] > 0
    assert (await sue.post(f"{path}/join-as", {"role": "listen", **because})).status == 200
    assert (await sue.post(f"{path}/consult/leave")).status == 200
    assert (await sue.post(f"{path}/take-over", because)).status == 200
    assert (await sue.post(f"{path}/move", {"queue": "general", **because})).status == 200
    assert (await sue.post(f"{path}/priority", {"priority": 5, **because})).status == 200
    assert (await sue.get(path)).body["priority"] == 5
    assert (await sue.post(f"{path}/withdraw", because)).status == 200
    assign = {"to_agent": ana.account.id, "forced": True, **because}
    assert (await sue.post(f"{path}/assign", assign)).status == 200
    assert (await ana.post(f"{path}/park", {"until_ms": NOW_MS + HOUR_MS})).status == 200
    assert (await sue.post(f"{path}/recall", because)).status == 200
    assert (await ana.post(f"{path}/close", {"disposition": "solved"})).status == 200
    assert (await ana.post("/presence", {"presence": "lunch"})).status == 200
    unheard = office.ref(await office.arrives("buy this", key="o2"))
    assert (await sue.post(f"/conversations/{unheard}/end", {"reason": "spam"})).status == 200
    assert (await sue.get(f"/conversations/{unheard}")).body["state"] == "closed"
    presence = {"presence": "available", **because}
    assert (await sue.post(f"/agents/{ana.account.id}/presence", presence)).status == 200
    keeper = Keeper(ORDERS_VIEW, SITE, office.store)
    await keeper.begin()
    await keeper.catch_up()
    page = (await sue.get("/orders?limit=3")).body
    assert [line["deed"] for line in page["items"]] == ["presence", "end", "recall"]
    assert page["more"] is True
    last = page["items"][-1]
    assert (last["ref"], last["by"]["name"], last["reason"]) == (ref, "Sue", "asked")
    assert (page["items"][1]["ref"], page["items"][1]["reason"]) == (unheard, "spam")
    rest = (await sue.get(f"/orders?before={last['number']}")).body
    deeds = [line["deed"] for line in rest["items"]]
    assert deeds == ["assign", "withdraw", "reprioritise", "move", "take_over", "listen"]
    assert (await sue.call("DELETE", "/shift")).status == 200


async def step_in(office: Office, sue: Desk, ana: Desk) -> None:
    assert ana.account is not None
    assert len((await sue.get("/agents")).body) == 1
    closure = {"until_ms": NOW_MS + HOUR_MS, "reason": "fire-alarm"}
    assert (await sue.post("/queues/general/closure", closure)).status == 200
    lines = {line["name"]: line for line in (await sue.get("/queues")).body}
    assert (lines["general"]["open"], lines["general"]["opens_ms"]) == (False, NOW_MS + HOUR_MS)
    assert (await sue.post("/queues/general/closure", {"until_ms": 0, "reason": "over"})).status == 200
    assert (await sue.post(f"/agents/{ana.account.id}/sign-out", {"reason": "gone-home"})).status == 200
    await put_a_dead_letter(office)
    dead = (await sue.get("/outbox/dead")).body
    assert [each["reason"] for each in dead] == ["5.1.1"]
    assert (await sue.post(f"/outbox/dead/{dead[0]['id']}/retry")).status == 204
    assert office.nudged == 1
    assert (await sue.get("/outbox/dead")).body == []
    (waiting,) = await office.store.letterbox.put(SITE, [broken_letter()])
    await office.store.letterbox.quarantine(SITE, waiting.id, "broken")
    assert [each["reason"] for each in (await sue.get("/letterbox/quarantine")).body] == ["broken"]


async def know_people(office: Office, sue: Desk) -> None:
    marked = await sue.post("/senders", {"kind": "email", "value": "a@x", "mark": "blocked", "reason": "abuse"})
    assert [each["value"] for each in (await sue.get("/senders")).body] == ["a@x"]
    assert (await sue.call("DELETE", f"/senders/{marked.body['ids'][0]}", {})).status == 204
    customer = office.floor.state.convs[await office.arrives("who cares", key="care")].customer
    assert (await sue.call("PUT", f"/customers/{customer}/care", {"team": "gold"})).body["team"] == "gold"


async def know_persons(office: Office, ada: Desk) -> None:
    """One person is merged and parted, said to be two, handed out, and not forgotten while they are served."""
    one, two = [office.floor.state.convs[await office.arrives("me", key=key)].customer for key in ("p1", "p2")]
    merge = (await ada.post(f"/customers/{one}/merges", {"other": two})).body["merge"]
    assert len((await ada.get(f"/customers/{two}/merges")).body) == 1
    assert (await ada.call("DELETE", f"/customers/{one}/merges/{merge}", {})).status == 204
    assert (await ada.post(f"/customers/{one}/apart", {"other": two})).status == 204
    assert (await ada.get(f"/customers/{one}/likely")).body == []
    assert (await ada.get(f"/customers/{one}/export")).status == 200
    assert (await ada.post(f"/customers/{one}/erase", {})).code == "conversations_open"
    forgotten = (await office.store.archive.meet(SITE, [Caller(channel="chat", key="p3", peer="")], 1))[0].customer
    assert (await ada.post(f"/customers/{forgotten}/erase", {})).status == 200


async def look_after(sue: Desk, ana: Desk) -> None:
    assert ana.account is not None
    assert (await sue.get("/escalated")).body == []
    assert (await sue.get(f"/agents/{ana.account.id}/answering?days=1")).body == []


def broken_letter() -> Any:
    from router.store.port import NewLetter

    return NewLetter(channel="chat", dedupe="poison", received_ms=NOW_MS, signal=b"x")


async def put_a_dead_letter(office: Office) -> None:
    """A mail conversation whose reply could not be delivered."""
    max_desk = await office.desk("max")
    await max_desk.begin()
    ref = await active(office, max_desk, channel="email", key="mail1")
    await max_desk.post(f"/conversations/{ref}/reply", {"text": "gone", "client_id": "m1"})
    effects = await office.store.outbox.claim(SITE, "w", now_ms=NOW_MS, until_ms=NOW_MS + HOUR_MS, limit=5)
    await office.store.outbox.dead(SITE, effects[0].id, "5.1.1")


async def test_the_document_is_of_the_version_it_says_and_names_every_refusal(witness: Witness) -> None:
    assert witness.document["openapi"] == "3.1.0"
    operations = [each for methods in witness.document["paths"].values() for each in methods.values()]
    assert len({each["operationId"] for each in operations}) == len(operations)
    refs = re.findall(r'"\$ref": "#/components/schemas/(\w+)"', json.dumps(witness.document))
    assert set(refs) <= set(witness.document["components"]["schemas"])
    accept = witness.document["paths"]["/api/v1/conversations/{ref}/accept"]["post"]
    assert "`offer_gone`" in accept["responses"]["409"]["description"]
    assert accept["security"] == [{"session": [], "csrf": []}]
