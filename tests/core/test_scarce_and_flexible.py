"""How flexible people are and what is scarce to them, kept in step, against counting everything anew."""

from __future__ import annotations

import random

import pytest

from router.core.flexibility import DIGITS_FROM, bits, flexibility_of
from router.core.matching import Matching
from router.core.profiles import Profile
from router.core.scarcity import TIMES_AS_MANY
from router.core.state import State
from router.core.waiting import Class

SKILLS = 6


def needs(chance: random.Random, most: int) -> tuple[tuple[str, int], ...]:
    chosen = chance.sample(range(SKILLS), chance.randint(1, most))
    return tuple(sorted((f"skill:{number}", chance.choice((1, 2, 3))) for number in chosen))


def least_flexible(matching: Matching, candidates: int) -> int:
    among = [profile for profile in matching.profiles if profile.bit & candidates]
    least = min(map(flexibility_of, among))
    return sum(profile.bit for profile in among if flexibility_of(profile) == least)


def scarce(matching: Matching, profile: Profile) -> int:
    if any(name.startswith("primary:") for name, _ in profile.abilities):
        return 0
    able = {
        cls.id: sum(each.agents for each in matching.profiles if each.classes & cls.bit) for cls in matching.classes
    }
    served = [cls for cls in matching.classes if cls.bit & profile.classes]
    most = max((able[cls.id] for cls in served), default=0)
    return sum(cls.bit for cls in served if able[cls.id] * TIMES_AS_MANY <= most)


@pytest.mark.parametrize("seed", range(3))
def test_what_is_kept_in_step_is_what_counting_anew_gives(seed: int) -> None:
    chance, matching = random.Random(seed), State().matching
    signed_in: list[Profile] = []
    for step in range(300):
        what = chance.random()
        if what < 0.5:
            first = (("primary:2", 1),) if chance.random() < 0.2 else ()
            signed_in.append(matching.enter_profile(tuple(sorted((*needs(chance, SKILLS), *first)))))
        elif what < 0.7 and signed_in:
            matching.leave_profile(signed_in.pop(chance.randrange(len(signed_in))))
        else:
            again = len(matching.classes) and chance.random() < 0.3
            number = chance.randrange(len(matching.classes)) if again else len(matching.classes)
            fresh = Class(
                id=number,
                queue=f"q{step}",
                channel="chat",
                needs=needs(chance, 2),
                load=chance.choice((1, 2)),
                live=True,
            )
            matching.form_class(fresh)
        living = [profile for profile in matching.profiles if profile.agents]
        asked = sum(profile.bit for profile in living if chance.random() < 0.7)
        if asked:
            assert matching.flexibility.least_of(asked) == least_flexible(matching, asked)
        for profile in chance.sample(living, min(3, len(living))):
            assert matching.scarcity.to(profile) == scarce(matching, profile)


@pytest.mark.parametrize("width", [1, 60, DIGITS_FROM, 3 * DIGITS_FROM])
@pytest.mark.parametrize("share", [0.001, 0.1, 0.9])
def test_the_bits_of_a_mask_are_its_set_bits_however_long_it_is(width: int, share: float) -> None:
    chance = random.Random(width)
    numbers = [number for number in range(width) if chance.random() < share]
    assert list(bits(sum(1 << number for number in numbers))) == numbers
