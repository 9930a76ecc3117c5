# pragma version ^0.4.3
# Puts a contract where its salt says (EIP-1014). 0x0403 finds the salt that makes it a hook.

event Deployed:
    created: indexed(address)

@external
def deploy(init_code: Bytes[24576], salt: bytes32) -> address:
    created: address = raw_create(init_code, salt=salt)
    log Deployed(created=created)
    return created
