"""Several floors in one installation: which sites there are, their configuration, and under which hosts they answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec

# The only site of a small installation; it appears in no address.
MAIN = "main"
SITES_MAX = 1_000
NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")


class PlacesError(Exception):
    """The file of sites cannot be used; the sentence names the place and the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One site: its directory of configuration, its hosts (`desk.example.com`, with a port where it is not 80 or 443),
    and the address under which the world sees it."""

    config: Path
    public_url: str
    hosts: tuple[str, ...] = ()


class _Site(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    config: str
    hosts: Annotated[list[str], msgspec.Meta(min_length=1, max_length=20)]
    public_url: str = ""


class _Sites(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sites: Annotated[dict[str, _Site], msgspec.Meta(min_length=1, max_length=SITES_MAX)]


def read_places(path: Path) -> dict[str, Place]:
    """Read a file of sites. Paths are those beside the file. Raises PlacesError."""
    try:
        said = msgspec.yaml.decode(path.read_bytes(), type=_Sites)
    except OSError as fault:
        raise PlacesError(f"{path} cannot be read: {fault.strerror}.") from None
    except (msgspec.DecodeError, ValueError) as fault:
        raise PlacesError(f"{path}: {fault}") from None
    places = {name: _place(path, name, site) for name, site in said.sites.items()}
    _check_hosts(path, places)
    return places


def _place(path: Path, name: str, site: _Site) -> Place:
    if not NAME.fullmatch(name):
        raise PlacesError(f"{path}: '{name}' is no name of a site; small letters, digits and '-' make one.")
    config = path.parent / site.config
    if not config.is_dir():
        raise PlacesError(f"{path}: the site {name} has no directory {config}.")
    hosts = tuple(host.lower() for host in site.hosts)
    return Place(config=config, public_url=site.public_url.rstrip("/") or f"https://{hosts[0]}", hosts=hosts)


def _check_hosts(path: Path, places: Mapping[str, Place]) -> None:
    seen: dict[str, str] = {}
    for name, place in places.items():
        for host in place.hosts:
            if "/" in host or not host:
                raise PlacesError(f"{path}: '{host}' is no host; write desk.example.com, without https:// and path.")
            if host in seen:
                raise PlacesError(f"{path}: the host {host} is of {seen[host]} and of {name}; each has its own.")
            seen[host] = name
