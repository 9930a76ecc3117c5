# SPDX-License-Identifier: MIT
# What it is for: makes safes at addresses that are known beforehand and differ on each chain.
# Who may do what: anybody makes a safe; nobody has rights over one that was made.
# Trust model: a safe is a minimal proxy to one implementation that this factory deployed itself,
#   without a way to change it. The address follows from the chain id, all settings and a number,
#   so a deployment that is replayed on another chain gives another address, and nobody can take
#   an address with settings of their own.
# pragma version 0.4.3
# pragma optimize gas
# pragma nonreentrancy on


interface ISafe:
    def setup(
        owners: DynArray[address, MAX_OWNERS],
        threshold: uint256,
        modules: DynArray[address, MAX_MODULES],
        guard: address,
        module_guard: address,
        governed: bool,
    ): nonpayable


MAX_OWNERS: constant(uint256) = 32
MAX_MODULES: constant(uint256) = 16
MAX_INIT_CODE: constant(uint256) = 32768

# What EIP-1167 says of the code around the implementation's address, behind Vyper's loader.
PROXY_BEFORE: constant(Bytes[19]) = x"602d3d8160093d39f3363d3d373d3d3d363d73"
PROXY_AFTER: constant(Bytes[15]) = x"5af43d82803e903d91602b57fd5bf3"

IMPLEMENTATION: public(immutable(address))


event SafeCreated:
    safe: indexed(address)
    creator: indexed(address)
    salt: bytes32


@deploy
def __init__(safe_init_code: Bytes[MAX_INIT_CODE]):
    """
    @param safe_init_code What deploys Safe.vy, without its argument: the factory adds itself.
    """
    IMPLEMENTATION = raw_create(safe_init_code, self)


@external
def createSafe(
    owners: DynArray[address, MAX_OWNERS],
    threshold: uint256,
    modules: DynArray[address, MAX_MODULES],
    guard: address,
    module_guard: address,
    governed: bool,
    salt_nonce: uint256,
) -> address:
    """
    @notice Makes a safe and sets it up. The arguments are those of `Safe.setup`.
    """
    salt: bytes32 = self._salt(
        keccak256(abi_encode(owners, threshold, modules, guard, module_guard, governed)),
        salt_nonce,
    )
    assert not self._address_of(salt).is_contract, "safe factory: already created"
    safe: address = create_minimal_proxy_to(IMPLEMENTATION, salt=salt)
    extcall ISafe(safe).setup(owners, threshold, modules, guard, module_guard, governed)
    log SafeCreated(safe=safe, creator=msg.sender, salt=salt)
    return safe


@view
@external
def safeAddress(
    owners: DynArray[address, MAX_OWNERS],
    threshold: uint256,
    modules: DynArray[address, MAX_MODULES],
    guard: address,
    module_guard: address,
    governed: bool,
    salt_nonce: uint256,
) -> address:
    """
    @notice Returns where `createSafe` puts a safe of these arguments on this chain.
    """
    return self._address_of(
        self._salt(
            keccak256(abi_encode(owners, threshold, modules, guard, module_guard, governed)),
            salt_nonce,
        )
    )


@view
@internal
def _salt(settings: bytes32, salt_nonce: uint256) -> bytes32:
    return keccak256(abi_encode(chain.id, settings, salt_nonce))


@view
@internal
def _address_of(salt: bytes32) -> address:
    init_code_hash: bytes32 = keccak256(
        concat(PROXY_BEFORE, convert(IMPLEMENTATION, bytes20), PROXY_AFTER)
    )
    digest: bytes32 = keccak256(
        concat(x"ff", convert(self, bytes20), salt, init_code_hash)
    )
    return convert(convert(digest, uint256) & (2**160 - 1), address)
