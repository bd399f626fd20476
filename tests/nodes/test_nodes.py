"""Any node serves, one leads: commands find the leader, replicas follow, a lost leader is replaced."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from router.core import commands as cmd
from router.core.answers import Refused
from router.core.snapshot import encode_state
from router.floor.inbox import FloorAway
from router.floor.wire import encode_asked
from router.node.elders import presence_of
from tests.floor.house import SITE
from tests.floor.nodehouse import CONFIG
from tests.nodes.cluster import Cluster


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[Cluster]:
    opened = await Cluster(tmp_path).open()
    await opened.start("a")
    await opened.start("b")
    yield opened
    await opened.close()


async def follower(cluster: Cluster) -> str:
    leader = await cluster.leader()
    return next(name for name in cluster.nodes if name != leader)


async def test_one_leads_and_all_are_ready(cluster: Cluster) -> None:
    assert await cluster.leader() == "a"
    assert cluster["b"].ready
    assert not cluster["b"].floor.leading


async def test_a_command_at_any_node_is_decided_by_the_leader_and_known_at_the_node_that_asked(
    cluster: Cluster,
) -> None:
    await cluster.agent("b")
    assert 1 in cluster["b"].floor.state.agents
    await cluster.level()
    assert encode_state(cluster["a"].floor.state) == encode_state(cluster["b"].floor.state)


async def test_a_customer_at_one_node_reaches_an_agent_at_the_other(cluster: Cluster) -> None:
    await cluster.agent("a")
    await cluster.said("b")
    conv = cluster["b"].floor.state.convs[1]
    assert conv.offer is not None
    made = await cluster.made("b", cmd.Accept(id="acc", agent=1, conv=1, offer=conv.offer.id))
    assert made.entry is not None, "what was decided came by with the commit"
    await cluster.level()
    assert cluster["a"].floor.state.convs[1].owner == 1


async def test_a_refusal_of_the_leader_has_its_reason_at_the_node_that_asked(cluster: Cluster) -> None:
    answer = await cluster["b"].floor.submit(cmd.SignOut(id="out", agent=9, why="x"))
    assert isinstance(answer, Refused)
    assert answer == await cluster["a"].floor.submit(cmd.SignOut(id="out", agent=9, why="x"))


async def test_the_same_command_at_two_nodes_is_decided_once(cluster: Cluster) -> None:
    command = cmd.SignIn(id="same", agent=5, abilities=(), capacity=100)
    first, second = await asyncio.gather(cluster.made("a", command), cluster.made("b", command))
    assert first.position == second.position


async def test_a_leader_that_stops_hands_over_and_nothing_waits_for_a_lease(cluster: Cluster) -> None:
    await cluster.agent("b")
    loop = asyncio.get_running_loop()
    began = loop.time()
    await cluster.stop("a")
    await cluster.until(lambda: cluster["b"].floor.leading, "b leads")
    assert loop.time() - began < 1.9, "sooner than a lease runs out"
    await cluster.said("b")
    await cluster.made("b", cmd.AttachDesk(id="again", agent=1, node="b", desk="d1"))
    assert cluster["b"].floor.state.convs[1].offer is not None


async def test_a_leader_that_dies_is_replaced_and_its_place_in_the_journal_goes_on(cluster: Cluster) -> None:
    await cluster.agent("b")
    await cluster.said("a")
    await cluster.kill("a")
    await cluster.until(lambda: cluster["b"].floor.leading, "b leads")
    await cluster.said("b", key="C2")
    assert sorted(cluster["b"].floor.state.convs) == [1, 2]


async def test_an_old_leader_that_was_asleep_writes_nothing_and_follows(cluster: Cluster) -> None:
    old = cluster["a"].floor
    await cluster.store.leases.release(SITE, "lead", "a")
    cluster["b"].lead.look()
    await cluster.until(lambda: cluster["b"].floor.leading, "b has taken the lead")
    # The old one has not noticed yet: what it decides is fenced, and goes to the new leader.
    await cluster.agent("a")
    await cluster.until(lambda: not old.leading, "a leads no more")
    assert await cluster.leader() == "b"
    await cluster.level()
    assert 1 in cluster["b"].floor.state.agents
    assert encode_state(old.state) == encode_state(cluster["b"].floor.state)


async def test_without_the_link_commands_go_through_the_store_and_replicas_read_the_journal(cluster: Cluster) -> None:
    await cluster.agent("a")
    cluster.links.cut("a", "b")
    await cluster.said("b")
    offer = cluster["b"].floor.state.convs[1].offer
    assert offer is not None
    await cluster.made("b", cmd.Accept(id="acc", agent=1, conv=1, offer=offer.id))
    assert cluster["b"].floor.state.convs[1].owner == 1
    cluster.links.mend("a", "b")
    await cluster.said("b", key="C2")
    await cluster.level()


@pytest.mark.parametrize("kind", ["tell", "question", "answer"])
async def test_what_the_link_loses_half_of_the_time_is_found_elsewhere(cluster: Cluster, kind: str) -> None:
    await cluster.agent("a")
    cluster.links.drop[kind] = 0.5
    for number in range(4):
        await cluster.said("b", key=f"K{number}")
    await cluster.level()
    assert len(cluster["b"].floor.state.convs) == 4


@pytest.mark.parametrize("kind", ["tell", "question", "answer"])
async def test_what_the_link_gives_twice_is_done_once(cluster: Cluster, kind: str) -> None:
    await cluster.agent("a")
    cluster.links.double[kind] = 1.0
    for number in range(5):
        await cluster.said("b", key=f"K{number}")
    await cluster.level()
    assert len(cluster["a"].floor.state.convs) == len(cluster["b"].floor.state.convs) == 5


async def test_with_nobody_to_lead_a_command_is_told_to_come_again(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("router.floor.asking.PATIENCE_MS", 300)
    await cluster.kill("a")
    cluster["b"].lead._stopping = True
    with pytest.raises(FloorAway):
        await cluster["b"].floor.submit(cmd.SignIn(id="x", agent=5, abilities=(), capacity=100))


async def test_a_configuration_changed_at_a_node_that_does_not_lead_holds_everywhere(cluster: Cluster) -> None:
    node = await follower(cluster)
    changed = CONFIG.replace("General", "Everything")
    (cluster.folder / f"{node}-config" / "site.yaml").write_text(changed)
    for each in cluster.nodes:
        await cluster.until(
            lambda each=each: cluster[each].floor.bundle.queues["general"].label == {"en": "Everything"}, f"at {each}"
        )


async def test_a_node_that_comes_late_is_where_the_others_are(cluster: Cluster) -> None:
    await cluster.agent("a")
    for number in range(3):
        await cluster.said("a", key=f"K{number}")
    await cluster.start("c")
    await cluster.level()
    assert encode_state(cluster["c"].floor.state) == encode_state(cluster["a"].floor.state)


async def test_typing_at_one_node_is_seen_at_another(cluster: Cluster) -> None:
    seen: list[tuple[int, bool]] = []
    cluster["a"].signs.hear(lambda line, on: seen.append((line, on)))
    cluster["b"].signs.typed(7, True)
    await cluster.until(lambda: seen == [(7, True)], "heard")


async def test_what_screens_read_again_is_told_to_every_node(cluster: Cluster) -> None:
    seen: list[tuple[str, str, int]] = []
    for name in ("a", "b"):
        cluster[name].changes.hear(lambda kind, ref, agent: seen.append((kind, ref, agent)))
    cluster["b"].changes.tell("complaint", "12", agent=7)
    await cluster.until(lambda: seen == 2 * [("complaint", "12", 7)], "heard by both")


async def test_the_desks_of_a_dead_node_are_lost_by_name(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    await cluster.agent("b")
    await cluster.kill("b")
    await cluster.store.leases.acquire(SITE, "node:b", presence_of("b"), now_ms=0, ttl_ms=1)
    await cluster.until(lambda: not cluster["a"].floor.state.agents[1].desks, "the desk is lost")


async def test_desks_of_a_node_that_stopped_in_good_order_are_lost_too(cluster: Cluster) -> None:
    """Agents whose screens do not come back elsewhere must not be offered work."""
    leaves = await follower(cluster)
    await cluster.agent(leaves)
    await cluster.stop(leaves)
    left = cluster[await cluster.leader()].floor
    await cluster.until(lambda: not left.state.agents[1].desks, "the desk is lost")


async def test_only_the_leader_keeps_what_is_to_be_woken_and_who_follows_knows_it_when_it_leads(
    cluster: Cluster,
) -> None:
    leader, other = await cluster.leader(), await follower(cluster)
    await cluster.agent(other)
    await cluster.said(other, "help")
    state = cluster[leader].floor.state
    await cluster.until(lambda: bool(state.convs) and state.convs[1].offer is not None, "offered")
    offer = state.convs[1].offer
    assert offer is not None
    await cluster.made(leader, cmd.Accept(id="acc", agent=1, conv=1, offer=offer.id))
    until_ms = cluster[leader]._parts.clock.now_ms() + 4_000
    await cluster.made(leader, cmd.Park(id="park", agent=1, conv=1, until_ms=until_ms))
    await cluster.level()
    assert cluster[other]._wakes._due == []
    await cluster.kill(leader)
    await cluster.until(lambda: 1 in cluster[other].floor.state.convs, "woken by the next leader")


async def test_a_leader_whose_answering_breaks_answers_again(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    peers = cluster[await cluster.leader()].floor._peers
    assert peers is not None
    begun: list[int] = []

    async def run() -> None:
        begun.append(len(begun))
        if len(begun) == 1:
            raise RuntimeError("our bug")
        await asyncio.Event().wait()

    monkeypatch.setattr(peers._answering, "run", run)
    async with peers.answering():
        await cluster.until(lambda: len(begun) == 2, "begun again")


async def test_what_was_asked_through_the_store_long_ago_is_not_done_any_more(cluster: Cluster) -> None:
    """Nobody led, and who asked was told so. A leader that comes an hour later must not act on it."""
    served = cluster[await cluster.leader()]
    now_ms = served._parts.clock.now_ms()
    for agent, age_ms in ((8, 3_600_000), (9, 0)):
        late = cmd.SignIn(id=f"in{agent}", agent=agent, abilities=(("channel:scripted", 1),), capacity=100)
        await cluster.store.relay.ask(SITE, late.id, encode_asked(late), at=now_ms - age_ms)
    peers = served.floor._peers
    assert peers is not None
    peers._answering._sweep_at_s = 0.0
    await peers._answering._answer_relayed()
    assert set(served.floor.state.agents) == {9}
    assert await cluster.store.relay.unanswered(SITE, limit=9) == []


async def test_two_changes_of_the_channels_at_once_follow_one_another(cluster: Cluster) -> None:
    """A proposer hears of its own settings twice: when they were applied, and as those that run."""
    board = cluster["a"].board
    settings = {name: plugged.settings for name, plugged in board._plugged.items()}
    other = {name: replace(entry, load=entry.load + 1) for name, entry in settings.items()}
    await asyncio.gather(board.change(other), board.change(settings), board.change(other))
    assert board._parts.tasks._tasks.keys() >= {"listen:scripted"}
    assert {name: plugged.settings for name, plugged in board._plugged.items()} == other
