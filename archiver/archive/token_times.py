"""Whether the times of timestamps that one seal got can be true."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from archiver.archive.checking.parts import archive_words, timestamp_tokens
from archiver.archive.ledger import clock

AGREE_WITHIN_S = archive_words.AGREE_WITHIN_S


@dataclass(frozen=True)
class HonestTime:
    """The time of a seal, in seconds since 1970, and that of the newest timestamps before it (0: none).

    A request holds a random number. So an honest answer is of the moment of the seal, whatever the documents claim.
    """

    now: int
    before: int

    @classmethod
    def of(cls, answers: Iterable[bytes], before: int) -> HonestTime:
        """By this machine's clock. If no authority agrees with it, and two agree with each other, by them."""
        times = list[str]()
        for each in answers:
            with suppress(archive_words.Malformed):
                times.append(timestamp_tokens.Token.parse(each).time)
        return cls.at(times, before)

    @classmethod
    def at(cls, stated: Iterable[str], before: int) -> HonestTime:
        """The same by the times that the answers state."""
        here, times = int(clock().timestamp()), [timestamp_tokens.epoch(each) for each in stated]

        def agreeing(time: int) -> int:
            return sum(abs(time - each) <= AGREE_WITHIN_S for each in times)

        best = max(times, key=agreeing, default=here)
        by_clock = agreeing(here) or agreeing(best) < 2
        return cls(here if by_clock else best, before if before <= here + AGREE_WITHIN_S else 0)

    def check(self, response: bytes) -> None:
        """Raise Malformed if a timestamp cannot be of this moment."""
        stated = timestamp_tokens.Token.parse(response).time
        time = timestamp_tokens.epoch(stated)
        if abs(time - self.now) > AGREE_WITHIN_S:
            raise archive_words.Malformed(
                f"it states {stated}, and by this machine's clock and the other authorities it is "
                f"{timestamp_tokens.moment(self.now)}; one of these clocks is wrong"
            )
        if time < self.before - archive_words.CLOCK_TOLERANCE_S:
            raise archive_words.Malformed(
                f"it states {stated}, and the archive has a timestamp of {timestamp_tokens.moment(self.before)}"
            )


def is_past(times: Iterable[str]) -> bool:
    """Whether timestamps are too old for another one of now to agree with them."""
    first = min(map(timestamp_tokens.epoch, times), default=None)
    return first is not None and first < clock().timestamp() - AGREE_WITHIN_S
