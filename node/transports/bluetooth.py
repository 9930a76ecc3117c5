"""Pipes over Bluetooth LE: an advert that says "one of us", and a credit-based channel of L2CAP.

Nothing is paired and nothing of Bluetooth's own security is used: the link above does all of it.
The address of the radio is drawn at each start and at each `rotate`, and the advert is the same for
every node, so that neither names anybody.
"""

import asyncio
import logging
import uuid
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from bumble.core import UUID, AdvertisingData, BaseBumbleError
from bumble.device import Advertisement, Connection, Device
from bumble.hci import Address as RadioAddress
from bumble.hci import HCI_LE_Set_Random_Address_Command
from bumble.l2cap import (
    L2CAP_Control_Frame,
    L2CAP_LE_Flow_Control_Credit,
    LeCreditBasedChannel,
    LeCreditBasedChannelSpec,
)
from bumble.pairing import PairingConfig, PairingDelegate
from bumble.transport import open_transport

from ..link import PROMPT
from .pipes import READ_SIZE, Address, Cost, Nearby, Pipe

SERVICE = uuid.uuid5(uuid.NAMESPACE_DNS, "pars.network")
CHANNEL = 0xD1  # The channel's number (PSM), of those that are free to use.
MTU = 517
CREDITS = 64
CONNECT_SECONDS = 10.0
INBOX_MAX = 1 << 17
HOSTILE_MAX = 4 * INBOX_MAX  # Who keeps to the credits never has so much unread.
SEND_LOW = 1 << 13
CHUNK = 4_096  # The library cuts pieces off the front of what it is given.

ADVERT = bytes(
    AdvertisingData(
        [
            (AdvertisingData.FLAGS, b"\x06"),
            (
                AdvertisingData.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
                UUID(str(SERVICE)).to_bytes(),
            ),
        ]
    )
)

logging.getLogger("bumble").setLevel(logging.CRITICAL)  # Strangers do not write into our log.


class NoPairing(PairingDelegate):
    """Pairs with nobody."""

    async def accept(self) -> bool:
        """Refuse."""
        return False


class BluetoothPipe:
    """A channel to a device in reach."""

    def __init__(self, channel: LeCreditBasedChannel, ended: Callable[[], None]) -> None:
        self.source = bytes(channel.connection.peer_address)
        self._channel, self._ended = channel, ended
        self._inbox: deque[bytes] = deque()
        self._inbox_size = 0
        self._arrived = asyncio.Event()
        self._over = self._closing = False
        self._owed: list[L2CAP_Control_Frame] = []
        self._control = channel.send_control_frame
        self._ending: asyncio.Task[None] | None = None
        channel.sink = self._take
        channel.send_control_frame = self._answer  # type: ignore[method-assign]
        channel.on(channel.EVENT_CLOSE, self._finish)

    @property
    def is_closing(self) -> bool:
        """Whether nothing more is to be sent."""
        return self._closing or self._over

    def write(self, data: bytes) -> None:
        """Send bytes."""
        if not self._over and not self._closing:
            for start in range(0, len(data), CHUNK):
                self._channel.write(data[start : start + CHUNK])

    @property
    def unsent(self) -> int:
        """How many bytes wait for credits of the peer."""
        rest = len(self._channel.out_sdu or b"")
        return rest + sum(map(len, self._channel.out_queue))

    async def drain(self) -> None:
        """Wait until all is sent."""
        while self.unsent > SEND_LOW and not self._over:
            await self._channel.drain()
        if self._over:
            raise ConnectionResetError("bluetooth: out of reach")

    async def read(self) -> bytes:
        """Return what has come; who is not read has no credits left."""
        while not self._inbox:
            if self._over:
                return b""
            self._arrived.clear()
            await self._arrived.wait()
        taken = bytearray()
        while self._inbox and len(taken) + len(self._inbox[0]) <= READ_SIZE:
            taken += self._inbox.popleft()
        self._inbox_size -= len(taken)
        while self._owed and self._inbox_size < INBOX_MAX:
            self._control(self._owed.pop())
        return bytes(taken)

    def close(self) -> None:
        """Send what is left, then end."""
        if not self._closing and not self._over:
            self._closing = True
            self._ending = asyncio.create_task(self._end())

    def abort(self) -> None:
        """End at once."""
        if not self._over:
            self._channel.abort()
            self._finish()

    async def _end(self) -> None:
        while self.unsent and not self._over:
            await self._channel.drain()
        if not self._over:
            await self._channel.disconnect()
        self._finish()

    def _answer(self, frame: L2CAP_Control_Frame) -> None:
        """Send a frame of control, but no credits to a peer that is not read."""
        if isinstance(frame, L2CAP_LE_Flow_Control_Credit) and self._inbox_size >= INBOX_MAX:
            self._owed.append(frame)
        else:
            self._control(frame)

    def _take(self, data: bytes) -> None:
        self._inbox.append(data)
        self._inbox_size += len(data)
        self._arrived.set()
        if self._inbox_size > HOSTILE_MAX:
            self.abort()

    def _finish(self) -> None:
        if not self._over:
            self._over = True
            self._channel.flush_output()
            self._channel.drained.set()
            self._arrived.set()
            self._ended()


class BluetoothServer:
    """A radio that advertises."""

    def __init__(self, radio: "Bluetooth") -> None:
        self._radio = radio

    @property
    def address(self) -> Nearby:
        """The address of the radio until it is drawn again."""
        return self._radio.place

    async def close(self) -> None:
        """Advertise no more, and answer nobody."""
        await self._radio.silence()


class Bluetooth:
    """Dials, answers and looks around by one radio."""

    protocol = "bluetooth"
    cost = Cost.METERED  # in battery, and shared by all who are near
    pace = PROMPT
    per_source_max = 4

    def __init__(self, device: Device, mtu: int = MTU) -> None:
        self.mtu = mtu
        self._device = device
        self._spec = LeCreditBasedChannelSpec(CHANNEL, mtu=mtu, mps=mtu, max_credits=CREDITS)
        self._answer: Callable[[Pipe], None] | None = None
        self._lock = asyncio.Lock()
        self._late: dict[int, asyncio.TimerHandle] = {}
        self._leaving: dict[int, asyncio.Task[None]] = {}
        self._pipes: dict[int, BluetoothPipe] = {}
        self._listening = False
        device.pairing_config_factory = lambda _: PairingConfig(delegate=NoPairing())

    @property
    def place(self) -> Nearby:
        """The radio's address."""
        return Nearby(self._device.random_address.to_string(with_type_qualifier=False))

    async def serve(self, address: Address, answer: Callable[[Pipe], None]) -> BluetoothServer:
        """Advertise, and answer who connects; the address is the radio's own."""
        assert isinstance(address, Nearby)
        await self._power()
        self._answer = answer
        if not self._listening:
            self._listening = True
            self._device.create_l2cap_server(self._spec, self._accept)
            self._device.on(self._device.EVENT_CONNECTION, self._connected)
        await self._advertise()
        return BluetoothServer(self)

    async def dial(self, address: Address) -> BluetoothPipe:
        """Connect to a device, and open a channel."""
        assert isinstance(address, Nearby)
        await self._power()
        try:
            async with asyncio.timeout(CONNECT_SECONDS), self._lock:
                connection = await self._connect(address)
                try:
                    channel = await connection.create_l2cap_channel(self._spec)
                except BaseException:
                    self._hang_up(connection)
                    raise
        except BaseBumbleError as error:
            raise ConnectionError(f"bluetooth: {type(error).__name__}") from None
        return self._pipe(channel)

    async def scan(self, found: Callable[[Nearby], None]) -> None:
        """Look around until `stop_scanning`; tell of devices that advertise as nodes do."""
        await self._power()

        def heard(advertisement: Advertisement) -> None:
            if is_node(advertisement):
                found(Nearby(advertisement.address.to_string(with_type_qualifier=False)))

        self._device.on(self._device.EVENT_ADVERTISEMENT, heard)
        await self._device.start_scanning(active=False, filter_duplicates=True)

    async def stop_scanning(self) -> None:
        """Look around no more."""
        self._device.remove_all_listeners(self._device.EVENT_ADVERTISEMENT)
        await self._device.stop_scanning()

    async def rotate(self) -> None:
        """Go on under another address: who has followed the last one loses the trace."""
        advertising = self._device.is_advertising
        if advertising:
            await self._device.stop_advertising()
        self._device.random_address = RadioAddress.generate_static_address()
        command = HCI_LE_Set_Random_Address_Command(random_address=self._device.random_address)
        await self._device.send_sync_command(command)
        if advertising:
            await self._advertise()

    async def silence(self) -> None:
        """Answer nobody, and turn the radio off."""
        self._answer = None
        if self._device.powered_on:
            if self._device.is_advertising:
                await self._device.stop_advertising()
            await self._device.power_off()

    # --- Inside ---

    async def _power(self) -> None:
        if not self._device.powered_on:
            await self._device.power_on()

    async def _advertise(self) -> None:
        if not self._device.is_advertising:
            await self._device.start_advertising(advertising_data=ADVERT, auto_restart=True)

    async def _connect(self, address: Nearby) -> Connection:
        """Connect anew: between two devices there is one connection, and one channel on it."""
        known = self._device.find_connection_by_bd_addr(RadioAddress(address.device))
        if known is not None:
            pipe = self._pipes.get(known.handle)
            if pipe is not None and not pipe.is_closing:
                raise ConnectionError("bluetooth: connected already")
            gone = asyncio.Event()
            known.once(known.EVENT_DISCONNECTION, lambda _: gone.set())
            await gone.wait()
        return await self._device.connect(address.device)

    def _connected(self, connection: Connection) -> None:
        """Let go of who connects and opens no channel."""
        loop = asyncio.get_running_loop()
        self._late[connection.handle] = loop.call_later(CONNECT_SECONDS, self._hang_up, connection)
        connection.on(connection.EVENT_DISCONNECTION, lambda _: self._in_time(connection))

    def _in_time(self, connection: Connection) -> None:
        timer = self._late.pop(connection.handle, None)
        if timer is not None:
            timer.cancel()

    def _accept(self, channel: LeCreditBasedChannel) -> None:
        pipe = self._pipe(channel)
        if self._answer is None:
            pipe.abort()
        else:
            self._answer(pipe)

    def _pipe(self, channel: LeCreditBasedChannel) -> BluetoothPipe:
        connection = channel.connection
        self._in_time(connection)
        pipe = BluetoothPipe(channel, lambda: self._hang_up(connection))
        self._pipes[connection.handle] = pipe
        connection.on(connection.EVENT_DISCONNECTION, lambda _: self._gone(connection))
        return pipe

    def _gone(self, connection: Connection) -> None:
        self._pipes.pop(connection.handle, None)

    def _hang_up(self, connection: Connection) -> None:
        self._in_time(connection)
        if connection.handle in self._device.connections and connection.handle not in self._leaving:
            task = asyncio.ensure_future(_disconnected(connection))
            self._leaving[connection.handle] = task
            task.add_done_callback(lambda _: self._leaving.pop(connection.handle))


async def open_radio(name: str) -> Bluetooth:
    """Return the radio that a name of Bumble's leads to: usb:0, hci-socket:0, tcp-client:...

    An OSError tells why it cannot be used.
    """
    try:
        port = await open_transport(name)
    except (BaseBumbleError, ValueError) as error:
        raise ConnectionError(f"bluetooth: {error}") from None
    own = RadioAddress.generate_static_address()
    return Bluetooth(Device.with_hci("", own, port.source, port.sink))


def is_node(advertisement: Advertisement) -> bool:
    """Tell whether a device advertises the service of nodes."""
    kinds = (
        AdvertisingData.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
        AdvertisingData.INCOMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
    )
    listed = [item for kind in kinds for item in advertisement.data.get_all(kind, raw=True)]
    wanted = UUID(str(SERVICE)).to_bytes()
    return any(wanted in (each[at : at + 16] for at in range(0, len(each), 16)) for each in listed)


async def _disconnected(connection: Connection) -> None:
    with suppress(BaseBumbleError):
        await connection.disconnect()
