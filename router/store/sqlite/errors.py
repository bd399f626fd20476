"""The border: every error of the driver becomes one of the port's here. No SQL, no retry."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import apsw

from router.store.port import StoreError, StoreUnavailable

# What a writer cannot cure by itself: the whole batch is given back, and nothing of it was written.
UNAVAILABLE: dict[type[apsw.Error], str] = {
    apsw.FullError: "the disk is full",
    apsw.ReadOnlyError: "the database is read-only",
    apsw.IOError: "the disk reported an error",
    apsw.CantOpenError: "the database cannot be opened",
    apsw.PermissionsError: "the database may not be touched",
    apsw.AuthError: "the database may not be touched",
    apsw.BusyError: "the database is busy",
    apsw.LockedError: "the database is locked",
    apsw.NoMemError: "memory ran out",
    apsw.InterruptError: "the work was interrupted",
    apsw.ProtocolError: "the database is busy",
    apsw.ConnectionClosedError: "the database is closed",
}

# What trying again cannot cure. Only the job that met it fails, unless the file itself is damaged.
BROKEN: dict[type[apsw.Error], str] = {
    apsw.CorruptError: "the database is damaged",
    apsw.NotADBError: "the file is not a database",
    apsw.FormatError: "the file is not a database",
    apsw.ConstraintError: "a row clashes with one that is there",
    apsw.MismatchError: "a value has the wrong type",
    apsw.TooBigError: "a value is too big",
    apsw.RangeError: "a value is out of range",
    apsw.SQLError: "a statement was refused",
    apsw.SchemaChangeError: "the tables were changed by somebody else",
    apsw.MisuseError: "the driver was used wrongly",
}

DRIVER_ERRORS = (apsw.Error, UnicodeEncodeError)

UNKNOWN_OUTCOME = "the disk did not confirm the commit; what it kept is known after a restart"


def convert(error: BaseException) -> StoreError:
    """Return the port's error for any error; its sentence names no row, value or path."""
    if isinstance(error, StoreError):
        return error
    for kind, sentence in UNAVAILABLE.items():
        if isinstance(error, kind):
            return StoreUnavailable(sentence)
    for kind, sentence in BROKEN.items():
        if isinstance(error, kind):
            return StoreError(sentence)
    if isinstance(error, UnicodeEncodeError):
        return StoreError("a text is not Unicode")
    return StoreError(f"the store failed: {type(error).__name__}")


def convert_commit(error: BaseException) -> StoreError:
    """Return the port's error for a failed COMMIT.

    The frames are written before they are flushed: when only the flush failed, a crash may bring them
    back, so nobody can say whether the commit exists. Every other failure leaves no commit mark behind.
    """
    flush_failed = getattr(error, "extendedresult", 0) == apsw.SQLITE_IOERR_FSYNC
    if isinstance(error, apsw.IOError) and flush_failed:
        return StoreError(UNKNOWN_OUTCOME)
    return convert(error)


def ends_batch(error: BaseException) -> bool:
    """Return whether an error concerns the file and not the job that met it."""
    return isinstance(error, (*UNAVAILABLE, apsw.CorruptError, apsw.NotADBError))


@contextmanager
def border() -> Iterator[None]:
    """Let no driver's error out of a reading."""
    try:
        yield
    except DRIVER_ERRORS as error:
        raise convert(error) from error
