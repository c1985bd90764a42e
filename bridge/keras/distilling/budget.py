"""`Budget`: how long to train, and how fast when."""

from dataclasses import dataclass

# Steps in which the rate rises: the averages of the first gradients are rough.
_WARM_UP = 20


@dataclass(frozen=True, slots=True)
class Budget:
    """Steps, seconds, or whichever ends first.

    Attributes:
        steps: Most steps, or `None`.
        seconds: Most seconds, or `None`.

    Raises:
        ValueError: If there is no limit, or one is not above 0.
    """

    steps: int | None
    seconds: float | None

    def __post_init__(self) -> None:
        """Refuse what never ends, or never begins."""
        given = [limit for limit in (self.steps, self.seconds) if limit is not None]
        if not given or min(given) <= 0:
            raise ValueError(
                "Distillation needs to know when to stop. Received: "
                f"steps={self.steps}, seconds={self.seconds}. Pass a number above 0, "
                "such as `seconds=300`."
            )

    def spent(self, step: int, seconds: float) -> float:
        """Return the share that is used up; 1 or more ends it.

        Args:
            step: Steps done.
            seconds: Seconds gone by.

        Returns:
            The larger share of both limits.
        """
        by_steps = 0.0 if self.steps is None else step / self.steps
        by_time = 0.0 if self.seconds is None else seconds / self.seconds
        return max(by_steps, by_time)

    def rate(self, step: int, seconds: float) -> float:
        """Return the learning rate as a share of the highest: up, then down to 0."""
        warm = min(1.0, (step + 1) / _WARM_UP)
        return warm * max(0.0, 1 - self.spent(step, seconds))
