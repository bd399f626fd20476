"""Why a conversation went where it went: its decisions, with the reasons that were journalled with them."""
