"""Every reason for which the core says no, with the sentence people read. One name in API, log, metric, screen."""

from __future__ import annotations

REFUSALS: dict[str, str] = {
    "agent_unknown": "This agent is not signed in.",
    "conversation_unknown": "This conversation is not open.",
    "not_yours": "This conversation belongs to somebody else.",
    "offer_gone": "The offer is over: somebody else was faster, the time ran out, or the customer left.",
    "not_active": "This conversation is not being handled now.",
    "not_parked": "This conversation is not parked.",
    "not_in_wrap_up": "This conversation is not in wrap-up.",
    "presence_unknown": "No such presence is configured.",
    "channel_unknown": "No such channel is configured.",
    "queue_unknown": "No such queue is configured.",
    "queue_closed": "This queue is closed now.",
    "line_unknown": "This customer has no such line.",
    "target_missing": "A transfer needs exactly one target: a queue or an agent.",
    "target_away": "That agent is not taking work now.",
    "target_self": "You have this conversation already.",
    "disposition_unknown": "No such outcome is configured.",
    "reason_unknown": "No such reason is configured.",
    "until_past": "The time must lie in the future.",
    "live_work_open": "You still have live conversations: finish or transfer them first.",
    "window_closed": "The platform takes no answer on this line any more. Choose another line of this customer.",
    "replies_used": "The platform's answers on this line are used up until the customer writes again.",
    "floor_full": "The floor is full. Try again shortly.",
    "not_configured": "No configuration has been applied yet.",
    "broken": "This command broke the floor by a fault of ours. It was set aside and nothing was changed.",
}
