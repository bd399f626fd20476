"""TwiML: what the provider shall say and do next with a leg. Pure. https://www.twilio.com/docs/voice/twiml"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec
from twilio.twiml.voice_response import Dial, Gather, VoiceResponse

from channels.phone.reading import CUSTOMER
from channels.phone.wording import Texts, about, said

# The provider's queue only holds the line: who is next is decided by us.
QUEUE = "patchbay"
# One turn of waiting: news of the place stay fresh, and what was decided is heard at the next turn at the latest.
TURN_S = 15
GATHER_S, NUMBER_S = 5, 10
# Nobody speaks for longer to a machine, and a file of it fits what is fetched.
VOICEMAIL_S, SILENCE_S = 300, 5
CONFERENCE_EVENTS = "start end join leave hold"
# What meets us away is asked five more times, on every error: a document that cannot be had ends the call.
RETRIES = "#rc=5&rp=all"
# How the provider names our languages.
TONGUES: Mapping[str, str] = {"en": "en-US", "zh": "cmn-CN", "th": "th-TH"}


class Speech(msgspec.Struct, frozen=True, kw_only=True):
    """How things are said on this call."""

    language: str
    texts: Texts
    voices: Mapping[str, str] = {}
    music: str = ""

    def say(self, verb: Any, name: str, **values: object) -> None:
        """Add a sentence by its name."""
        self.say_text(verb, said(name, self.language, self.texts, **values))

    def say_text(self, verb: Any, text: str) -> None:
        """Add a sentence."""
        if text:
            voice = self.voices.get(self.language)
            verb.say(text, language=TONGUES.get(self.language, self.language), **({"voice": voice} if voice else {}))


class Pages(msgspec.Struct, frozen=True, kw_only=True):
    """Our addresses for one call: the line and the language go with each of them."""

    root: str
    line: str
    language: str

    def url(self, name: str, **more: str) -> str:
        """Return the address of one page, to be tried again while we restart."""
        return f"{self.root}/{name}?{urlencode({'line': self.line, 'lang': self.language, **more})}{RETRIES}"


Documents = Callable[[Speech, Pages], str]


def menu(speech: Speech, pages: Pages, text: str) -> str:
    """Ask what the call is about. Silence goes on without an answer."""
    document = VoiceResponse()
    gather = Gather(num_digits=1, timeout=GATHER_S, action=pages.url("voice", menu="1"), method="POST")
    speech.say_text(gather, text)
    document.append(gather)
    document.redirect(pages.url("voice", menu="1"), method="POST")
    return str(document)


def enqueue(speech: Speech, pages: Pages, *, greet: bool, told: bool = False) -> str:
    """Put the caller on the hold line; `told`: that the talk is recorded."""
    document = VoiceResponse()
    if greet:
        speech.say(document, "greeting")
    if told:
        speech.say(document, "record-told")
    document.enqueue(QUEUE, action=pages.url("exit"), method="POST", wait_url=pages.url("wait"), wait_url_method="POST")
    return str(document)


def hold(
    speech: Speech, pages: Pages, *, place: int, keys: bool, notice: str = "", minutes: tuple[int, int] | None = None
) -> str:
    """One turn of waiting: what was announced, where one stands and how long, what one may press, music."""
    document = VoiceResponse()
    gather = Gather(num_digits=1, timeout=1, action=pages.url("key"), method="POST")
    speech.say_text(gather, notice)
    if place:
        speech.say(gather, "place", place=place)
    else:
        speech.say(gather, "waiting")
    if minutes is not None:
        speech.say(gather, about(minutes), low=minutes[0], high=minutes[1])
    if keys:
        speech.say(gather, "keys")
    if speech.music:
        gather.play(speech.music)
    else:
        gather.pause(length=TURN_S)
    document.append(gather)
    return str(document)


def music(speech: Speech, pages: Pages) -> str:
    """What a customer on hold hears: only what a conference allows."""
    document = VoiceResponse()
    speech.say(document, "on-hold")
    if speech.music:
        document.play(speech.music)
    else:
        document.pause(length=TURN_S)
    document.redirect(pages.url("music"), method="POST")
    return str(document)


def notice(speech: Speech, text: str) -> str:
    """Say something into a talk."""
    document = VoiceResponse()
    speech.say_text(document, text)
    return str(document)


def leave(speech: Speech, text: str = "") -> str:
    """Out of the hold line; what comes next is asked at its exit."""
    document = VoiceResponse()
    speech.say_text(document, text)
    document.leave()
    return str(document)


def ask_call_back(speech: Speech, pages: Pages, *, hidden: bool) -> str:
    """Ask for a yes, or a hidden caller for the number. Silence goes back to the line."""
    document = VoiceResponse()
    if hidden:
        gather = Gather(finish_on_key="#", timeout=NUMBER_S, action=pages.url("call-back"), method="POST")
    else:
        gather = Gather(num_digits=1, timeout=GATHER_S, action=pages.url("call-back"), method="POST")
    speech.say(gather, "call-back-number" if hidden else "call-back")
    document.append(gather)
    document.redirect(pages.url("again"), method="POST")
    return str(document)


def voicemail(speech: Speech, pages: Pages) -> str:
    """Record, and say good-bye to who says nothing: then no action follows."""
    document = VoiceResponse()
    speech.say(document, "voicemail")
    document.record(
        action=pages.url("recorded"),
        method="POST",
        max_length=VOICEMAIL_S,
        timeout=SILENCE_S,
        finish_on_key="#",
        play_beep=True,
        recording_status_callback=pages.url("recording"),
        recording_status_callback_method="POST",
        recording_status_callback_event="completed",
    )
    speech.say(document, "good-bye")
    document.hangup()
    return str(document)


def farewell(speech: Speech, name: str) -> str:
    """Say one thing and hang up."""
    document = VoiceResponse()
    speech.say(document, name)
    document.hangup()
    return str(document)


def one_moment(speech: Speech, url: str, *, pause_s: int) -> str:
    """Ask again a little later: the letterbox could not take the call."""
    document = VoiceResponse()
    speech.say(document, "one-moment")
    document.pause(length=pause_s)
    document.redirect(url, method="POST")
    return str(document)


def refused() -> str:
    """Take no call, at no cost."""
    document = VoiceResponse()
    document.reject()
    return str(document)


def nothing() -> str:
    """Nothing is to be done."""
    return str(VoiceResponse())


def press_to_accept(speech: Speech, url: str, *, said: str = "agent-accept") -> str:
    """Somebody's telephone: without a key pressed their own voicemail would take the call."""
    document = VoiceResponse()
    gather = Gather(num_digits=1, timeout=GATHER_S, action=url, method="POST")
    speech.say(gather, said)
    document.append(gather)
    document.hangup()
    return str(document)


def ask_consent(speech: Speech, url: str) -> str:
    """Ask whether the talk may be recorded. Silence is a no."""
    document = VoiceResponse()
    gather = Gather(num_digits=1, timeout=GATHER_S, action=url, method="POST")
    speech.say(gather, "record-ask")
    document.append(gather)
    document.redirect(url, method="POST")
    return str(document)


def talk(
    pages: Pages,
    *,
    label: str,
    muted: bool = False,
    coach: str = "",
    record: bool = False,
    speech: Speech | None = None,
) -> str:
    """Bring a leg into the talk of this line. It ends when the customer leaves, and with nobody else.

    `muted`: it hears and is not heard. `coach`: only that leg hears it. `record`: the talk is recorded; with `speech`
    who comes is told so.
    """
    document = VoiceResponse()
    if record and speech is not None:
        speech.say(document, "record-told")
    dial = Dial()
    customer = label == CUSTOMER
    dial.conference(
        conference_name(pages.line),
        start_conference_on_enter=True,
        end_conference_on_exit=customer,
        participant_label=label,
        **({"muted": True} if muted else {}),
        **({"coach": coach} if coach else {}),
        **(_recording(pages) if record else {}),
        beep="false",
        wait_url=pages.url("music"),
        wait_method="POST",
        status_callback=pages.url("talk"),
        status_callback_method="POST",
        status_callback_event=CONFERENCE_EVENTS,
    )
    document.append(dial)
    return str(document)


def _recording(pages: Pages) -> dict[str, str]:
    return {
        "record": "record-from-start",
        "recording_status_callback": pages.url("talk-recorded"),
        "recording_status_callback_method": "POST",
        "recording_status_callback_event": "completed",
    }


def conference_name(line: str) -> str:
    """Return the name of a line's talk: it tells lines apart and cannot be guessed."""
    return f"talk-{line}"
