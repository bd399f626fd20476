"""Follow-ups: the routes of what was promised for a time. What stands promised is `router.views.promises`'s to say."""
