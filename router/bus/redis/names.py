"""How keys and channels in Redis are called. Every name begins with the prefix and carries its site or its asker."""

from __future__ import annotations

from dataclasses import dataclass

PREFIX = "patchbay"


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one installation; two of them may share a Redis under two prefixes."""

    prefix: str = PREFIX

    def events(self, site: str) -> str:
        """Return the stream of committed batches."""
        return f"{self.prefix}:{site}:events"

    def questions(self, site: str) -> str:
        """Return the stream of questions to whoever leads."""
        return f"{self.prefix}:{site}:questions"

    def hints(self, site: str) -> str:
        """Return the channel of hints."""
        return f"{self.prefix}:{site}:hints"

    def answers(self, asker: str) -> str:
        """Return the channel on which one life of one node hears its answers."""
        return f"{self.prefix}:answers:{asker}"
