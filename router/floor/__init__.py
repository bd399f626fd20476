"""One site's floor: its inbox, the loop that decides and commits, and what a commit writes. Nothing of channels."""
