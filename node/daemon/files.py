"""Files between the disk and the swarm: sealed a chunk at a time, and taken up after a restart."""

import asyncio
import mimetypes
import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

from ..codec import Refused
from ..crypto import KEY
from ..messaging.content import Type
from ..messaging.files import (
    MIME,
    Metadata,
    Opener,
    Sealer,
    check_name,
    chunk_count,
    chunk_mailbox,
)
from ..messenger.ledger import ID, Upload
from ..messenger.messenger import Event
from ..swarm.collect import ChannelDoor, Collect, Item
from ..swarm.deposit import COPIES_MIN, Deposit, State
from ..swarm.mailboxes import Channel, days_to_read
from .services import clock
from .user import User

UPLOADS_MAX = 8
FETCH_SECONDS = 600.0


class Transfers:
    """What the files of one user's chats need of the disk."""

    def __init__(self, user: User) -> None:
        self._user = user
        self._messenger = user.messenger
        self._begun = asyncio.Event()

    async def run(self) -> None:
        """Carry uploads, one after the other, until cancelled."""
        while True:
            self._begun.clear()
            for upload in self.uploads():
                await self._carry(upload)
            await self._begun.wait()

    # --- Sending --------------------------------------------------------------------------------

    def send(self, chat: bytes, path: Path) -> bytes:
        """Note a file to be sent, and begin; return the name of its upload."""
        session = self._messenger.sessions.get(chat)
        if session is None or session.closed:
            raise Refused("files: no open session")
        if len(self.uploads()) >= UPLOADS_MAX:
            raise Refused("files: too many uploads")
        check_name(path.name)
        try:
            status = path.stat()
            readable = path.is_file() and os.access(path, os.R_OK)
        except OSError:
            readable = False
        if not path.is_absolute() or not readable:
            raise Refused("files: not a file that can be read, by its whole path")
        Sealer(bytes(KEY), status.st_size)  # refuses what is too large
        upload = Upload(
            upload_id=self._messenger.random(ID),
            chat=chat,
            path=str(path),
            size=status.st_size,
            changed=status.st_mtime_ns,
            key=self._messenger.random(KEY),
            done=0,
        )
        self._messenger.commit({upload.place: upload.encode()})
        self._begun.set()
        return upload.upload_id

    def uploads(self) -> list[Upload]:
        """Return what is on its way."""
        return [Upload.decode(data) for _, data in self._messenger.store.scan(Upload.PREFIX)]

    async def _carry(self, upload: Upload) -> None:
        """Bring a file's chunks into the swarm, then write its message."""
        try:
            with Path(upload.path).open("rb") as file:
                metadata = await self._carry_chunks(upload, file)
        except (OSError, Refused):
            self._messenger.commit({upload.place: None})
            self._user.tell(Event("upload failed", upload.chat, upload.upload_id[:16]))
            return
        self._messenger.send(upload.chat, Type.FILE, metadata.encode(), clock())
        self._messenger.commit({upload.place: None})
        self._user.stir()

    async def _carry_chunks(self, upload: Upload, file: BinaryIO) -> Metadata:
        sealer = Sealer(upload.key, upload.size)
        for number in range(chunk_count(upload.size)):
            status = os.fstat(file.fileno())
            if (status.st_size, status.st_mtime_ns) != (upload.size, upload.changed):
                raise Refused("files: changed while it was sent")
            chunk = await asyncio.to_thread(partial(_seal, sealer, file))
            if number < upload.done:
                continue
            target = Channel(chunk_mailbox(upload.key, number))
            deposit = Deposit(target, chunk, 0, clock())
            await self._user.drive(deposit, deposit.receive, partial(_is_kept, deposit))
            if deposit.state is State.EXPIRED:
                raise Refused("files: nobody keeps it")
            upload = replace(upload, done=number + 1)
            self._messenger.commit({upload.place: upload.encode()})
        name = Path(upload.path).name
        mime = mimetypes.guess_type(name)[0] or ""
        return sealer.metadata(name, mime if MIME.fullmatch(mime) else "application/octet-stream")

    # --- Receiving ------------------------------------------------------------------------------

    def offered(self) -> list[tuple[bytes, bool, Metadata]]:
        """Return the files of all chats, and which of them are own ones."""
        return [
            (chat, message.own, Metadata.decode(message.body))
            for chat in self._messenger.sessions
            for message in self._messenger.messages(chat)
            if message.content_type == Type.FILE
        ]

    def listed(self) -> list[dict[str, object]]:
        """Return files as the user sees them."""
        sent: list[dict[str, object]] = [
            {
                "fileId": metadata.file_id.hex(),
                "sessionId": chat.hex(),
                "name": metadata.name,
                "size": metadata.size,
                "own": own,
                "chunks": metadata.count,
                "done": metadata.count,
            }
            for chat, own, metadata in self.offered()
        ]
        return sent + [
            {
                "fileId": upload.upload_id.hex(),
                "sessionId": upload.chat.hex(),
                "name": Path(upload.path).name,
                "size": upload.size,
                "own": True,
                "chunks": chunk_count(upload.size),
                "done": upload.done,
            }
            for upload in self.uploads()
        ]

    async def receive(self, file_id: bytes, path: Path) -> int:
        """Fetch a file into a folder or under a name; nothing that is there is overwritten."""
        found = [metadata for _, _, metadata in self.offered() if metadata.file_id == file_id]
        if not found:
            raise Refused("files: no such file")
        metadata = found[0]
        if path.is_dir():
            path /= metadata.name
        if not path.is_absolute() or path.exists():
            raise Refused("files: there is such a file already, or no whole path")
        part = path.with_name(path.name + ".part")
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                with part.open("xb") as file:
                    await self._fetch_chunks(metadata, file)
                await asyncio.to_thread(_check, metadata, part)
                os.link(part, path)  # fails where something has come in the meantime
        except TimeoutError:
            raise Refused("files: not all of it was found") from None
        except OSError as error:
            raise Refused(f"files: {error.strerror}") from None
        finally:
            part.unlink(missing_ok=True)
        return metadata.size

    async def _fetch_chunks(self, metadata: Metadata, file: BinaryIO) -> None:
        opener = Opener(metadata)
        while missing := opener.missing():
            for number in missing:
                await self._fetch(opener, number, file)
            if opener.missing():
                await asyncio.sleep(1.0)
        file.flush()
        os.fsync(file.fileno())

    async def _fetch(self, opener: Opener, number: int, file: BinaryIO) -> None:
        door = ChannelDoor(chunk_mailbox(opener.metadata.key, number))
        visit = Collect(door, days_to_read(None, clock()))

        def keep(item: Item) -> None:
            try:
                offset, text = opener.open(number, item.data)
            except Refused:
                return  # another may be right
            file.seek(offset)
            file.write(text)

        def take(tag: int, reply: bytes, at: int) -> None:
            for item in visit.receive(tag, reply, at):
                keep(item)

        await self._user.drive(visit, take, lambda: number not in opener.missing())


def _seal(sealer: Sealer, file: BinaryIO) -> bytes:
    text = file.read(sealer.wanted())
    return sealer.seal(text)


def _is_kept(deposit: Deposit) -> bool:
    return deposit.copies >= COPIES_MIN[0]


def _check(metadata: Metadata, part: Path) -> None:
    """Refuse a file whose chunks, sealed again, are not those of its id."""
    sealer = Sealer(metadata.key, metadata.size)
    with part.open("rb") as file:
        for _ in range(metadata.count):
            _seal(sealer, file)
    if sealer.metadata(metadata.name, metadata.mime).file_id != metadata.file_id:
        raise Refused("files: not the file of this id")
