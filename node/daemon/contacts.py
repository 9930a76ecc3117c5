"""Names of other accounts, and whether they were verified, as opaque blobs in the store."""

from dataclasses import dataclass

from ..codec import Reader, Refused, sized, u8
from ..crypto import equal, hkdf_expand, sha256
from ..messenger.messenger import Messenger
from ..vault.contacts import CONTACT_PREFIX, contact_id, open_card, seal_card
from ..vault.keys import storage_key

NAME_MAX = 128
KNOWN = b"acquaintances"
CODE_LABEL = b"pars/verification-code/v1"
GROUPS = 12  # of five digits: 199 bits of a hash of both accounts


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody whom the user has a name for."""

    account: bytes
    name: str
    verified: bool


class Contacts:
    """The contacts of an account."""

    def __init__(self, messenger: Messenger) -> None:
        self._messenger = messenger
        self._store = messenger.store
        self._key = storage_key(messenger.me.device_seed)

    def all(self) -> list[Contact]:
        """Return everybody."""
        known = self._known()
        return [contact for account in known if (contact := self._find(account)) is not None]

    def keep(self, account: bytes, name: str) -> None:
        """Keep an account under a name."""
        if not name.isprintable() or not 0 < len(name.encode()) <= NAME_MAX:
            raise Refused("contacts: not a name")
        if account == self._messenger.account_id:
            raise Refused("contacts: that is this account")
        contact = self._find(account)
        self._write(Contact(account, name, contact.verified if contact else False))

    def verify(self, account: bytes, code: str) -> None:
        """Mark a contact as verified, by the code that the other side has shown."""
        if not equal("".join(code.split()).encode(), self.code(account).replace(" ", "").encode()):
            raise Refused("contacts: the codes differ")
        contact = self._find(account)
        name = contact.name if contact else account.hex()[:8]
        self._write(Contact(account, name, True))

    def is_verified(self, account: bytes) -> bool:
        """Tell whether a contact was verified."""
        contact = self._find(account)
        return contact is not None and contact.verified

    def code(self, account: bytes) -> str:
        """Return what both sides see alike: digits of a hash of both accounts."""
        both = sorted((account, self._messenger.account_id))
        number = int.from_bytes(sha256(CODE_LABEL, *both))
        groups = []
        for _ in range(GROUPS):
            number, group = divmod(number, 100_000)
            groups.append(f"{group:05}")
        return " ".join(groups)

    def _secret(self, account: bytes) -> bytes:
        return hkdf_expand(self._key, b"pars/contact-secret/v1" + account)

    def _find(self, account: bytes) -> Contact | None:
        secret = self._secret(account)
        blob = self._store.get(CONTACT_PREFIX + contact_id(secret))
        if blob is None:
            return None
        reader = Reader(open_card(secret, blob))
        verified, name = bool(reader.u8()), reader.sized(NAME_MAX)
        reader.end()
        return Contact(account, name.decode(), verified)

    def _write(self, contact: Contact) -> None:
        secret = self._secret(contact.account)
        card = u8(contact.verified) + sized(contact.name.encode())
        blob = seal_card(secret, card, self._messenger.random)
        known = b"".join(sorted({*self._known(), contact.account}))
        self._messenger.commit({CONTACT_PREFIX + contact_id(secret): blob, KNOWN: known})

    def _known(self) -> list[bytes]:
        data = self._store.get(KNOWN) or b""
        return [data[at : at + 32] for at in range(0, len(data), 32)]
