"""Files of a message, as its row keeps them: a list in the body's `extra`. No content and no SQL here."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from router.store.port import Body

FILES = "files"
KEPT, COMING, FAILED = "kept", "coming", "failed"
NOT_KEPT = "not_kept"


class FileRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A file that came or goes with a message. Name and source are personal data.

    `file` names its content, empty until it is kept; `source` is where the provider has it; `reason` says why it was
    given up. `media_type` is by content once it is kept, before that it is the sender's word.
    """

    name: str
    media_type: str = ""
    size_bytes: int = 0
    content_id: str = ""
    file: str = ""
    source: str = ""
    reason: str = ""

    @property
    def state(self) -> str:
        """Whether it is kept, still coming, or failed."""
        if self.file:
            return KEPT
        return COMING if self.source and not self.reason else FAILED

    @property
    def why(self) -> str:
        """Why it failed, empty where it did not."""
        return (self.reason or NOT_KEPT) if self.state == FAILED else ""


_decoder = msgspec.json.Decoder(list[FileRow])


def files_of(body: Body) -> list[FileRow]:
    """Return the files of a message, in their order: a file's number is its place here."""
    kept = body.extra.get(FILES)
    return _decoder.decode(kept) if kept else []


def with_files(body: Body, files: Sequence[FileRow]) -> Body:
    """Return a body with other files."""
    extra = {name: value for name, value in body.extra.items() if name != FILES}
    if files:
        extra[FILES] = msgspec.json.encode(list(files)).decode()
    return msgspec.structs.replace(body, extra=extra)


def to_fetch(files: Sequence[FileRow]) -> list[int]:
    """Return the numbers of those that a provider has or had: the n-th fetch of a message brings the n-th of them."""
    return [number for number, file in enumerate(files) if file.source]
