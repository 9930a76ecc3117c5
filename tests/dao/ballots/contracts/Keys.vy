# pragma version 0.4.3
# A registry that keeps whatever key it is given.
from modules import pq_keys

keyOf: public(HashMap[address, address])


@external
def set(account: address, key: Bytes[2592]):
    self.keyOf[account] = pq_keys._store(key)
