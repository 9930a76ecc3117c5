"""What an account does: sessions, messages, groups and files over one store, without sockets.

`ledger.py` lists the records, `messenger.py` is the way in. Everything that has to reach somebody
is a parcel, stored together with the change that made it; the daemon carries parcels out and brings
mail in, in any order and as often as it likes.
"""
