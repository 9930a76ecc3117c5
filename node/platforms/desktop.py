"""A desktop that becomes a validator: registered on the chain first, then the session layer."""

from collections.abc import Awaitable, Callable
from enum import Enum


class Validator(Enum):
    """How far it is."""

    OFF = "off"
    REGISTERING = "registering"
    ENABLING = "enabling"
    ON = "on"
    ROLLING_BACK = "rolling back"
    STUCK = "stuck"  # registered, not serving, and the way back failed: the user has to know


class RefusedError(Exception):
    """The validator cannot be enabled; the message says why."""


class Desktop:
    """The switch. `register(stake)` and `unregister()` end when the chain has them."""

    def __init__(
        self,
        *,
        register: Callable[[int], Awaitable[None]],
        unregister: Callable[[], Awaitable[None]],
        enable: Callable[[], Awaitable[None]],
        disable: Callable[[], Awaitable[None]],
        stake_min: int,
    ) -> None:
        self._register, self._unregister = register, unregister
        self._enable, self._disable = enable, disable
        self._stake_min = stake_min
        self.state = Validator.OFF

    async def enable_validator(self, stake: int) -> None:
        """Register the stake on the chain, then validate sessions; or be as before."""
        if self.state != Validator.OFF:
            raise RefusedError(f"the validator is {self.state.value}")
        if stake < self._stake_min:
            raise RefusedError(f"the stake is at least {self._stake_min}")
        self.state = Validator.REGISTERING
        try:
            await self._register(stake)
        except BaseException:
            self.state = Validator.OFF
            raise
        self.state = Validator.ENABLING
        try:
            await self._enable()
        except BaseException:
            await self._roll_back()
            raise
        self.state = Validator.ON

    async def disable_validator(self) -> None:
        """Validate no longer, then take the stake back."""
        if self.state not in (Validator.ON, Validator.STUCK):
            raise RefusedError(f"the validator is {self.state.value}")
        if self.state == Validator.ON:
            await self._disable()
        await self._roll_back()

    async def _roll_back(self) -> None:
        self.state = Validator.ROLLING_BACK
        try:
            await self._unregister()
        except BaseException:
            self.state = Validator.STUCK
            raise
        self.state = Validator.OFF
