"""What was sent and what came back, by door, and every answer that must not be. No sending here."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

# In every name, address and text that is sent; in no line of the log.
MARK = "zq7xv"
FAULTS_MAX = 20
# Of a hundred inputs; half requests and mails take longest, and are fewest.
SHARES = {
    "API": 38,
    "form": 14,
    "chat session": 8,
    "pages": 10,
    "raw HTTP": 2,
    "chat socket": 10,
    "desk socket": 10,
    "SMTP": 8,
    "slow": 0,
}
# Words of a stack trace, in any answer at all.
TRACES = (b"Traceback", b'File "', b'.py"', b"site-packages", b"aiohttp.")
SAID_BYTES_MAX = 400


@dataclass
class Tally:
    """`answers` counts by door and by what came back: a status, a close code, `closed` or `silent`.

    `busy` are 503s with a name and a time to come back: counted apart, and to be explained.
    """

    wanted: int
    inputs: Counter[str] = field(default_factory=Counter)
    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    busy: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    broken: list[tuple[str, bytes]] = field(default_factory=list)

    def full(self, door: str) -> bool:
        """Whether a door has had its share of what was wanted, or there is enough to mend."""
        return self.inputs[door] >= self.wanted * SHARES[door] // 100 or len(self.faults) >= FAULTS_MAX

    @property
    def sent(self) -> int:
        return self.inputs.total()

    def note(self, door: str, said: str, *, inputs: int = 1) -> None:
        """Count inputs that got one answer."""
        self.inputs[door] += inputs
        self.answers[door, said] += 1

    def http(self, door: str, sent: bytes, status: int, answer: bytes) -> None:
        """Judge and count an answer of the HTTP server; 0: closed without one, -1: none came."""
        self.note(door, str(status) if status > 0 else "closed" if status == 0 else "silent")
        if status < 0:
            self.fault(door, "no answer in time", sent)
        if status == 503 and b"retry-after" in answer.lower():
            self.busy[door] += 1
        elif status >= 500:
            self.fault(door, f"answered {status}", sent)
        self.look_for_traces(door, sent, answer)

    def look_for_traces(self, door: str, sent: bytes, answer: bytes) -> None:
        """A client sees no insides, whatever it sends."""
        found = [trace for trace in TRACES if trace in answer and trace not in sent]
        if found:
            self.fault(door, f"shows its insides: {answer[:SAID_BYTES_MAX]!r}", sent)

    def fault(self, door: str, what: str, sent: bytes) -> None:
        """Keep what went wrong, with the input that did it."""
        if len(self.faults) < FAULTS_MAX:
            self.faults.append(f"{door}: {what} to {sent[:SAID_BYTES_MAX]!r}")
            self.broken.append((door, sent))

    def table(self) -> str:
        """Return the figures as lines: inputs by door, and its answers."""
        lines = []
        for door, count in sorted(self.inputs.items()):
            said = {word: times for (where, word), times in self.answers.items() if where == door}
            shown = ", ".join(f"{word} {times:,}" for word, times in sorted(said.items(), key=lambda each: -each[1]))
            lines.append(f"| {door} | {count:,} | {shown} |")
        return "\n".join(lines)
