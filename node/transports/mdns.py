"""Neighbours on a local network, by mDNS: where to call, and nothing to know a node by.

Each start takes a name by chance, and so nobody is known again by it. A tag over the name tells
nodes of the same network from others, and nobody else anything. What is heard is a hint: anybody
on the local network can say it. The link that follows proves who is there.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, ip_address

from zeroconf import IPVersion, ServiceStateChange, Zeroconf
from zeroconf._utils.net import get_all_addresses
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from .. import crypto
from ..identity import IP4, IP6, QUIC, TCP, Multiaddr, is_canonical_ip

TYPES = {TCP: "_pars-mesh._tcp.local.", QUIC: "_pars-mesh._udp.local."}
PROTOCOLS = {kind: protocol for protocol, kind in TYPES.items()}
LABEL = b"pars/mdns-tag/v1"
TAG = b"t"
NAME_BYTES, TAG_BYTES = 8, 16
ASK_MS = 3_000
ASKING_MAX = 16
NEIGHBOURS_MAX = 64
ADDRESSES_MAX = 4  # of one neighbour
EVERYWHERE = str(IPv4Address(0))  # what is listened on, not what is told


class Neighbours:
    """Tells the local network where this node answers, and hears where others do.

    `found` is called with each new place, whose node is not known: a hint, to be dialled or not.
    """

    def __init__(
        self,
        network: str,
        places: Sequence[Multiaddr],
        found: Callable[[Multiaddr], None],
        refusals: Counter[str],
        interfaces: Sequence[str] = (),
    ) -> None:
        self._network, self._places = network.encode(), tuple(places)
        self._found, self._refusals, self._interfaces = found, refusals, list(interfaces)
        self._name = ""
        self._zeroconf: AsyncZeroconf | None = None
        self._browser: AsyncServiceBrowser | None = None
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._known: dict[str, tuple[Multiaddr, ...]] = {}

    @property
    def hints(self) -> list[Multiaddr]:
        """Where neighbours say they answer, as long as they say so."""
        return [place for places in self._known.values() for place in places]

    async def start(self) -> None:
        """Begin to tell and to hear, under a new name. An OSError where there is no network."""
        self._name = os.urandom(NAME_BYTES).hex()
        if self._interfaces:
            self._zeroconf = AsyncZeroconf(interfaces=self._interfaces)
        else:
            self._zeroconf = AsyncZeroconf(ip_version=IPVersion.V4Only)
        for place in self._places:
            if told := self._told(place):
                info = AsyncServiceInfo(
                    TYPES[place.protocol],
                    f"{self._name}.{TYPES[place.protocol]}",
                    port=place.port,
                    properties={TAG: tag_of(self._network, self._name)},
                    server=f"{self._name}.local.",
                    parsed_addresses=told,
                )
                # The name is drawn: nobody has to be asked whether it is taken.
                await self._zeroconf.async_register_service(info, cooperating_responders=True)
        self._browser = AsyncServiceBrowser(
            self._zeroconf.zeroconf, list(TYPES.values()), handlers=[self._changed]
        )

    async def close(self) -> None:
        """Say goodbye, and hear no more. `start` begins again, as somebody else."""
        for task in tuple(self._asking.values()):
            task.cancel()
        zeroconf, self._zeroconf = self._zeroconf, None
        if zeroconf is not None:
            if self._browser is not None:
                await self._browser.async_cancel()
            await zeroconf.async_close()
        self._known.clear()

    # --- Inside ---

    def _told(self, place: Multiaddr) -> list[str]:
        """Return the addresses to tell: all of this machine where it listens on all."""
        hosts = get_all_addresses() if place.host == EVERYWHERE else [place.host]
        return [host for host in hosts if self._is_local(host)]

    def _is_local(self, host: str) -> bool:
        """Tell whether an address is of a local network: no neighbour sends us anywhere else."""
        address = ip_address(host)
        if address.is_loopback:
            return host in self._interfaces
        return address.is_private and not address.is_unspecified

    def _changed(
        self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange
    ) -> None:
        label = name.removesuffix(f".{service_type}")
        if label == self._name or service_type not in PROTOCOLS:
            return
        if state_change is ServiceStateChange.Removed:
            self._known.pop(name, None)
        elif name not in self._asking:
            if len(self._asking) >= ASKING_MAX:
                self._refusals["mdns: too many neighbours"] += 1
                return
            task = asyncio.ensure_future(self._ask(zeroconf, service_type, name, label))
            self._asking[name] = task
            task.add_done_callback(lambda _: self._asking.pop(name, None))

    async def _ask(self, zeroconf: Zeroconf, service_type: str, name: str, label: str) -> None:
        info = AsyncServiceInfo(service_type, name)
        if not await info.async_request(zeroconf, ASK_MS):
            self._refusals["mdns: neighbour that does not answer"] += 1
            return
        tag = info.properties.get(TAG) or b""
        if not crypto.equal(tag, tag_of(self._network, label)):
            self._refusals["mdns: of another network"] += 1
            return
        heard = [
            Multiaddr(kind, host, info.port or 0, None, PROTOCOLS[service_type])
            for host in info.parsed_addresses()
            for kind in (IP4, IP6)
            if is_canonical_ip(host, kind) and self._is_local(host)
        ]
        if not heard or not info.port:
            self._refusals["mdns: not a local address"] += 1
            return
        places = tuple(heard[:ADDRESSES_MAX])
        new = [place for place in places if place not in self.hints]
        self._known.pop(name, None)
        while len(self._known) >= NEIGHBOURS_MAX:
            del self._known[next(iter(self._known))]
        self._known[name] = places
        for place in new:
            self._found(place)


def tag_of(network: bytes, name: str) -> bytes:
    """Return what nodes of one network know each other's names by."""
    return crypto.mac(network, LABEL + name.encode())[:TAG_BYTES].hex().encode()
