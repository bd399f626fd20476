"""Every bound of the link over Redis, each with its reason. No code."""

from __future__ import annotations

# A committed batch is some kilobytes. What is larger by far is read in the journal, not moved.
PAYLOAD_BYTES_MAX = 1_000_000
# Askers of one node. More would be answered later than anybody waits; who is refused goes through the store.
OUTSTANDING_MAX = 4_096
OUTSTANDING_BYTES_MAX = 16_000_000
# Questions that a leader works on at once. Beyond it the leader does not read on, and its askers run into LinkFull.
ANSWERING_MAX = 1_024
# Longer than any screen waits. A new leader looks back so far for questions that nobody has answered.
PATIENCE_MS_MAX = 30_000
# What waits in memory while Redis is away, then is dropped oldest first: a minute of a busy floor.
WAITING_FRAMES_MAX = 2_048
WAITING_BYTES_MAX = 32_000_000
WAITING_HINTS_MAX = 1_024
WAITING_ANSWERS_MAX = 8_192
# What a slow reader of this node may be behind; more than that is faster read in the journal.
PILE_FRAMES_MAX = 1_024
PILE_BYTES_MAX = 16_000_000
# What a site's stream of events keeps for readers that come back: seconds of a busy floor, minutes of a quiet one.
STREAM_FRAMES_MAX = 4_096
STREAM_BYTES_MAX = 32_000_000
# Askers delete what is settled; only what dead askers left is trimmed by this.
STREAM_QUESTIONS_MAX = 1_024
# Questions and answers of one turn of the loop travel packed together, up to so much.
PACK_BYTES_MAX = 64_000
# Streams of sites that nobody serves any more go by themselves. They are renewed in a tenth of that time.
STREAM_IDLE_MS = 24 * 3_600_000
QUESTIONS_IDLE_MS = 3_600_000
# The server ends a blocked read by itself after this; the socket's own patience is well above it (redis-py's is 5 s).
BLOCK_MS = 2_000
SOCKET_MS_MAX = 2_500
READER_SOCKET_MS_MAX = BLOCK_MS + 2_000
CONNECT_MS_MAX = 2_000
# A quiet stream is looked at this often: after a flush nothing would ever come that is newer than what was read.
LOOK_MS = 4_000
BACKOFF_MS_MIN, BACKOFF_MS_MAX = 100, 2_000
