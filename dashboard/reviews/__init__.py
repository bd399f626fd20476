"""Reviews: what customers said and what supervisors found. The rules are `router.care.reviews`'s."""
