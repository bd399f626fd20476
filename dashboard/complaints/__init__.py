"""Complaints: the routes of cases beside conversations. What may be done when is `router.care.complaints`'s."""
