# pragma version 0.4.3
# A caller of pool managers: makes calls while one is unlocked, tells how each went, and settles.

event Outcome:
    success: bool
    output: Bytes[2048]

struct Step:
    to: address
    value: uint256
    data: Bytes[2048]

struct Plan:
    steps: DynArray[Step, 8]
    currencies: DynArray[address, 4]
    # What to do with what is owed to us: 0 take, 1 mint, 2 clear, 3 leave.
    manner: uint256


@external
@payable
def act(manager: address, data: Bytes[20000], amount: uint256):
    success: bool = False
    output: Bytes[2048] = b""
    success, output = raw_call(
        manager, data, max_outsize=2048, value=amount, revert_on_failure=False
    )
    log Outcome(success=success, output=output)


@external
@payable
def __default__():
    pass


@external
def unlockCallback(data: Bytes[19000]) -> Bytes[32]:
    plan: Plan = abi_decode(data, Plan)
    for step: Step in plan.steps:
        success: bool = False
        output: Bytes[2048] = b""
        success, output = raw_call(
            step.to, step.data, max_outsize=2048, value=step.value, revert_on_failure=False
        )
        log Outcome(success=success, output=output)
    for currency: address in plan.currencies:
        self._settle(msg.sender, currency, plan.manner)
    return abi_encode(len(plan.steps))


@internal
def _settle(manager: address, currency: address, manner: uint256):
    slot: bytes32 = keccak256(abi_encode(self, currency))
    owed: int256 = abi_decode(
        raw_call(
            manager, abi_encode(slot, method_id=method_id("exttload(bytes32)")), max_outsize=32
        ),
        int256,
    )
    if owed < 0:
        amount: uint256 = convert(-owed, uint256)
        raw_call(manager, abi_encode(currency, method_id=method_id("sync(address)")))
        value: uint256 = amount
        if currency != empty(address):
            raw_call(
                currency,
                abi_encode(manager, amount, method_id=method_id("transfer(address,uint256)")),
            )
            value = 0
        raw_call(manager, method_id("settle()", output_type=Bytes[4]), value=value)
    elif owed > 0 and manner != 3:
        amount: uint256 = convert(owed, uint256)
        if manner == 0:
            raw_call(
                manager,
                abi_encode(
                    currency, self, amount, method_id=method_id("take(address,address,uint256)")
                ),
            )
        elif manner == 1:
            raw_call(
                manager,
                abi_encode(
                    self,
                    convert(convert(currency, uint160), uint256),
                    amount,
                    method_id=method_id("mint(address,uint256,uint256)"),
                ),
            )
        else:
            raw_call(
                manager,
                abi_encode(currency, amount, method_id=method_id("clear(address,uint256)")),
            )
