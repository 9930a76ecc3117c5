# pragma version 0.4.3
# A registry that keeps whatever key it is given, as the module pq_keys does.

keyOf: public(HashMap[address, address])


@external
def set(account: address, key: Bytes[2592]):
    self.keyOf[account] = raw_create(concat(x"610a2180600a5f395ff300", key))
