"""A sandbox is never on by accident: not on real accounts, not on real data, not where strangers reach it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dashboard.sandbox.guard import USUAL_VARIABLES, NoSandbox, check_config, check_place
from router.cli import main
from tests.e2e.house import ROOT, House
from tests.sandbox.playing import SandboxHouse

EXAMPLES = ROOT / "channels" / "webhook" / "examples"
FOUND_IN_PAGES = re.compile(r"_env: ([A-Z][A-Z0-9_]+)")


def test_the_shipped_configuration_may_be_played() -> None:
    check_config(ROOT / "config", {"PATH": "/bin"})


@pytest.mark.parametrize("variable", sorted(USUAL_VARIABLES))
def test_a_real_credential_in_the_environment_refuses(variable: str, tmp_path: Path) -> None:
    with pytest.raises(NoSandbox, match=variable) as refused:
        check_config(tmp_path, {variable: "a secret"})
    assert "a secret" not in str(refused.value)


def test_every_variable_that_our_pages_name_is_known() -> None:
    pages = [*(ROOT / "docs" / "channels").rglob("*.md"), *EXAMPLES.glob("*.yaml")]
    named = {name for page in pages for name in FOUND_IN_PAGES.findall(page.read_text())}
    assert named <= USUAL_VARIABLES


@pytest.mark.parametrize(
    "entry",
    [
        "sms: {account_sid: AC1}",
        "wechat: {app_id: wx1}",
        "weibo: {uid: '1'}",
        "email: {imap_host: imap.example.com}",
        "email: {out_host: smtp.example.com}",
        "app: {broker: 'mqtt://b:1883'}",
        "line: {by: webhook, secret_env: LINE}",
    ],
)
def test_an_account_in_the_channels_refuses_unless_it_is_switched_off(tmp_path: Path, entry: str) -> None:
    (tmp_path / "channels.yaml").write_text(f"channels:\n  {entry}\n")
    with pytest.raises(NoSandbox, match="production"):
        check_config(tmp_path, {})
    (tmp_path / "channels.yaml").write_text(f"channels:\n  {entry.replace('{', '{enabled: false, ', 1)}\n")
    check_config(tmp_path, {})


def test_a_variable_that_the_configuration_names_itself_refuses(tmp_path: Path) -> None:
    (tmp_path / "channels.yaml").write_text("channels:\n  sms: {enabled: false, auth_token_env: OUR_OWN_NAME}\n")
    with pytest.raises(NoSandbox, match="OUR_OWN_NAME"):
        check_config(tmp_path, {"OUR_OWN_NAME": "x"})


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.8.8.8"])
def test_this_machine_alone_is_a_place_for_it(host: str) -> None:
    check_place(host, "", reachable=False)
    check_place(host, f"http://[{host}]:8080" if ":" in host else f"http://{host}:8080", reachable=False)


@pytest.mark.parametrize(("host", "url"), [("0.0.0.0", ""), ("::", ""), ("127.0.0.1", "https://support.example.com")])
def test_where_others_reach_it_a_second_word_is_needed(host: str, url: str) -> None:
    with pytest.raises(NoSandbox, match="--sandbox-reachable"):
        check_place(host, url, reachable=False)
    check_place(host, url, reachable=True)


def command(house: House, *arguments: str) -> Result:
    """Run a command that is refused, in this process: it would import everything anew in one of its own."""
    environment = {"DATA": str(house.data), "CONFIG": str(house.config), "PORT": str(house.port)}
    return CliRunner().invoke(main, arguments, env=environment)


def test_the_command_refuses_and_says_what_to_do(tmp_path: Path) -> None:
    house = House(tmp_path)
    ran = command(house, "serve", "--sandbox", "--host", "0.0.0.0")
    assert ran.exit_code == 1
    assert "--sandbox-reachable" in ran.output
    ran = command(house, "serve", "--demo-day")
    assert ran.exit_code == 1
    assert "needs --sandbox" in ran.output


async def test_real_data_are_not_played_with_and_played_data_are_not_served(tmp_path: Path) -> None:
    house = House(tmp_path)
    async with house.serving():
        assert house.running, "to be served once makes data real"
    ran = house.command("serve", "--sandbox")
    assert ran.returncode == 1
    assert "These data are real" in ran.stderr
    sandbox_folder = tmp_path / "sandbox"
    sandbox_folder.mkdir()
    sandbox = SandboxHouse(sandbox_folder)
    async with sandbox.serving():
        assert sandbox.token
    ran = sandbox.command("serve")
    assert ran.returncode == 1
    assert "played in a sandbox" in ran.stderr
