"""Seeded chance whose numbers are the same in every version of Python, so that recordings stay valid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Chance:
    """A small generator of our own (splitmix64): the standard library's `choice` has changed before."""

    def __init__(self, seed: int) -> None:
        # Neighbouring seeds would give the same numbers, shifted, if they were not mixed first.
        self.state = seed
        self.state = self.bits() ^ 0x6A09E667F3BCC909
        self.state = self.bits()

    def bits(self) -> int:
        self.state = (self.state + 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
        mixed = self.state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
        return mixed ^ (mixed >> 31)

    def below(self, limit: int) -> int:
        return self.bits() % limit

    def chance(self, share: float) -> bool:
        return self.bits() / 2**64 < share

    def pick(self, choices: Sequence[T]) -> T:
        return choices[self.below(len(choices))]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        left, taken = list(items), []
        while left:
            taken.append(left.pop(self.below(len(left))))
        return taken
