"""The dashboard's refusals: one exception, one table of codes with status and sentence; the core's come by name."""

from __future__ import annotations

from http import HTTPStatus

from router.core.refusals import REFUSALS

# Told to come again so much later: long enough for a leader to be replaced, short enough for a person to wait.
RETRY_AFTER_S = 2

# code -> (status, the sentence people read). Sentences hold no data: neither names nor text nor addresses.
CODES: dict[str, tuple[int, str]] = {
    "bad_request": (400, "The request could not be read."),
    "not_bytes": (400, "Send the file itself, with Content-Type: application/octet-stream."),
    "files_not_taken": (400, "This channel sends no files."),
    "files_too_many": (400, "This channel takes fewer files with one message."),
    "files_too_large": (400, "Together these files are larger than this channel takes."),
    "file_kind": (400, "This channel does not send files of this kind."),
    "file_too_large": (400, "This file is larger than this channel takes."),
    "file_unknown": (400, "There is no such file here. Upload it again."),
    "file_empty": (400, "This file is empty."),
    "not_json": (400, "Send JSON, with Content-Type: application/json."),
    "signed_out": (401, "Sign in first."),
    "login_failed": (401, "Login or password is wrong."),
    "csrf": (403, "The request lacks this session's X-CSRF header."),
    "foreign_origin": (403, "The request comes from another site."),
    "role": (403, "Your role may not do this."),
    "not_visible": (404, "There is no such thing, or it is not for your queues."),
    "not_found": (404, "There is no such thing."),
    "slow": (408, "The request took too long to arrive."),
    "method": (405, "This address does not know that method."),
    "customer_unknown": (404, "There is no such customer."),
    "unseen": (409, "There are newer messages that you have not seen. Read them, then send again."),
    "note_settled": (409, "Only your last note here can be changed, for ten minutes."),
    "no_words": (400, "Nothing can be written on this line. Choose another one of this customer, or add a note."),
    "no_letters": (400, "This channel's messages have no subject and go to nobody in copy."),
    "already_one": (409, "These are one person already."),
    "too_many_customers": (409, "A person cannot have so many customers."),
    "erased": (409, "This customer has been forgotten."),
    "version_unknown": (404, "No configuration is kept under this name."),
    "version_unreadable": (409, "This release cannot read the files of that version any more."),
    "files_unreadable": (409, "The files cannot be read."),
    "link_unknown": (404, "This link does not open a wallboard, or not any more."),
    "too_many_links": (409, "There are as many links as there may be. Revoke one first."),
    "merge_unknown": (404, "There is no such merge."),
    "merge_undone": (409, "This merge has been taken back already."),
    "segment_unknown": (400, "The running configuration has no such segment."),
    "segment_changed": (409, "Somebody was faster. Look at what they did, then try again."),
    "conversations_open": (409, "This customer has open conversations. Close them first."),
    "complaints_open": (409, "This customer has an open complaint. Close it first."),
    "complaint_changed": (409, "Somebody was faster. Look at what they did, then try again."),
    "complaint_recorded": (409, "There is an open complaint of this conversation already."),
    "complaint_stage": (409, "This step does not follow from where the complaint is now."),
    "complaint_not_yours": (409, "Somebody else owns this complaint."),
    "complaint_owned": (409, "This complaint has an owner already."),
    "complaint_unanswered": (409, "Say how it was answered, or link the conversation with the answer."),
    "complaint_no_outcome": (409, "Say what came of it first."),
    "complaint_no_cause": (409, "Say why it came up first."),
    "complaint_no_words": (409, "Say why in a few words."),
    "complaint_forgotten": (409, "What was written about this complaint has been forgotten."),
    "complaint_full": (409, "This complaint has as many steps or conversations as it may have."),
    "followup_over": (404, "Nothing is promised here any more."),
    "followup_changed": (409, "Somebody was faster. Look at what they did, then try again."),
    "article_changed": (409, "Somebody was faster. Look at what they did, then try again."),
    "article_deed": (409, "This does not follow from where the article is now."),
    "article_slug": (409, "Another article has this name in its address."),
    "too_many_articles": (409, "There are as many articles as there may be. Nobody keeps more."),
    "review_begun": (409, "Somebody else reviews this conversation already."),
    "review_changed": (409, "Somebody was faster. Look at what they did, then try again."),
    "review_forgotten": (409, "What was written in this review has been forgotten."),
    "review_no_words": (409, "Say in a few words what you see differently."),
    "review_not_yours": (409, "This is somebody else's to do."),
    "review_open": (409, "Some questions are not answered yet."),
    "review_own": (409, "Nobody reviews their own conversations."),
    "review_stage": (409, "This does not follow from where the review is now."),
    "review_unserved": (409, "Only a conversation that somebody has served and that is over is reviewed."),
    "effects_waiting": (409, "An answer to this customer is still on its way. Try again shortly."),
    "too_far_back": (409, "Too much has happened since then to tell how everybody stood."),
    "too_large": (413, "The request is too large."),
    "too_many": (429, "Too many attempts. Try again later."),
    "broken": (500, "Something went wrong on our side. It has been noted."),
    "unavailable": (503, "The floor cannot answer right now. Try again shortly."),
}


class ApiError(Exception):
    """A refusal with a name. `field` says which field of the request is meant."""

    def __init__(self, code: str, message: str = "", *, field: str = "", retry_after_s: int = 0) -> None:
        status, sentence = CODES.get(code) or (int(HTTPStatus.CONFLICT), REFUSALS.get(code, "This cannot be done now."))
        super().__init__(code)
        self.code, self.status, self.message = code, status, message or sentence
        self.field, self.retry_after_s = field, retry_after_s


def refused(reason: str) -> ApiError:
    """Return the error for a named refusal of the core."""
    if reason == "floor_full":
        return unavailable()
    return ApiError(reason)


def unavailable() -> ApiError:
    return ApiError("unavailable", retry_after_s=RETRY_AFTER_S)


def bad_field(field: str, sentence: str) -> ApiError:
    """Return the error for one wrong field, with what to write instead."""
    return ApiError("bad_request", sentence, field=field)
