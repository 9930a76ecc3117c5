// SPDX-License-Identifier: MIT
// Generated from the declarations in precompiles/ by `python -m precompiles.generate`. Do not edit.
pragma solidity ^0.8.20;

address constant MINING = address(0x0300);

/// AI mining: rewards for verified inference from a pool, ML-DSA keys, teleports.
interface IAIMining {
    error UnknownModel(bytes32 modelId);
    error NotSealed(uint8 status);
    error UnknownClaim(bytes32 claimId);
    error Malformed(uint256 position, string reason);
    error WorkExists(bytes32 workId, uint8 status);
    error UnknownWork(bytes32 workId);
    error AlreadySpent(bytes32 workId);
    error NotOpener(address opener);
    error JobExpired(uint64 deadline);
    error WrongContext(bytes32 contextHash);
    error InvalidProof(bytes reason);
    error InvalidPublicKeySize();
    error InvalidSignature();
    error UnsupportedModel(uint8 kind);
    error WrongUnits(uint64 expected);
    error WrongInput();
    error WrongOutput();
    error WrongClaim(bytes32 claimId);
    error ClaimUsed(bytes32 claimId);
    error ClaimNotFinal(bytes32 claimId);
    error Untrusted(uint8 verdict);
    error WrongDevice();
    error EpochFull(uint256 unitsLeft);
    error PoolExhausted(uint256 left);
    error NotDue(uint64 due);
    error NotMiner(address miner);
    error NotAdmin(address admin);
    error NotBridge(address bridge);
    error TeleportExists(bytes32 teleportId);
    error TeleportNotFound();
    error TeleportAlreadyClaimed();
    error TeleportExpired();
    error TeleportPending(uint64 deadline);
    error NotTeleportRecipient();
    error InvalidTeleport();
    error TooManyPending(uint256 maximum);
    event TeleportClaimed(bytes32 indexed teleportId, address indexed recipient, uint256 amount);
    event MLDSAVerified(bytes32 indexed publicKeyHash, bytes32 indexed messageHash, bool success);
    event WorkOpened(bytes32 indexed workId, address indexed opener, bytes32 contextHash);
    event WorkAccepted(
        bytes32 indexed workId,
        address indexed miner,
        uint256 units,
        uint256 reward
    );
    event WorkRevoked(bytes32 indexed workId, uint256 reward);
    event RewardClaimed(address indexed miner, address indexed to, uint256 amount);
    event TeleportRecorded(bytes32 indexed teleportId, address indexed recipient, uint256 amount);
    event TeleportReturned(bytes32 indexed teleportId, uint256 amount);
    event BridgeChanged(address indexed bridge);

    /// Return the family and its entries.
    function info() external pure returns (
        string memory family,
        string memory purpose,
        address[] memory precompiles,
        string[] memory names
    );

    /// Return every method of every entry of the family.
    function methods() external pure returns (
        address[] memory precompiles,
        bytes4[] memory selectors,
        string[] memory signatures
    );

    /// Return the version of the whole set of precompiles.
    function version() external pure returns (uint256 version);

    /// Return what a miner, by the address of its key, has earned and not been paid.
    function miningBalance(address miner) external view returns (uint256 balance);

    /// Check an ML-DSA signature made with the empty context, as 0x0602 does.
    function verifyMLDSA(
        bytes calldata publicKey,
        bytes calldata message,
        bytes calldata signature
    ) external view returns (bool valid);

    /// Return NIST's level, 2, 3 or 5, of an ML-DSA key.
    function getSecurityLevel(bytes calldata publicKey) external pure returns (uint8 level);

    /// Return the first 20 bytes of the BLAKE3 hash of a key.
    function deriveAddress(bytes calldata publicKey) external pure returns (address miner);

    /// Return the transfers that somebody may claim now.
    function pendingTeleports(
        address recipient
    ) external view returns (bytes32[] memory teleportIds);

    /// Return a transfer. Status: 0 pending, 1 claimed, 2 expired.
    function getTeleportDetails(bytes32 teleportId) external view returns (
        bytes32 sender,
        address recipient,
        uint256 amount,
        uint256 sourceChain,
        uint8 status
    );

    /// As recipient, take a transfer within 24 hours.
    function claimTeleport(bytes32 teleportId) external returns (uint256 amount);

    /// As recipient, take several transfers, or none of them.
    function batchClaimTeleports(
        bytes32[] calldata teleportIds
    ) external returns (uint256 totalAmount);

    /// Prove work on a job of the caller's: abi.encode(modelId, inputHash, deviceId, nonce,
    /// outputHash, uint64 units, claimId, input, publicKey, signature). The input is computed
    /// again, or a claim at 0x0304 stands for the output. The attestation is empty, or
    /// abi.encode(receipt, signature) for 0x0305.
    function submitWorkProof(
        bytes calldata proof,
        bytes calldata attestation
    ) external returns (uint256 reward);

    /// Fix what is about to be computed. A device's nonce counts once.
    function openJob(
        bytes32 modelId,
        bytes32 inputHash,
        bytes32 deviceId,
        bytes32 nonce
    ) external returns (bytes32 workId, bytes32 contextHash);

    /// Pay due rewards to an account, by the signature of the miner's key over
    /// keccak256(abi.encode(domain, chain id, keccak256(workIds), to)).
    function claim(
        bytes32[] calldata workIds,
        address to,
        bytes calldata publicKey,
        bytes calldata signature
    ) external returns (uint256 amount);

    /// Take back the reward of work whose claim at 0x0304 was rejected.
    function revoke(bytes32 workId) external returns (uint256 reward);

    /// Return work. Status: 1 open, 2 accepted, 3 paid, 4 revoked. Once accepted, the context is
    /// the claim that stands for it, or 0.
    function workOf(bytes32 workId) external view returns (
        address opener,
        uint8 status,
        uint64 opened,
        bytes32 context,
        address miner,
        uint64 due,
        uint256 reward
    );

    /// Return BLAKE3(device | nonce | chain id), the nullifier of work.
    function workIdOf(bytes32 deviceId, bytes32 nonce) external view returns (bytes32 workId);

    /// Return what a miner signs of its work.
    function workMessage(
        bytes32 contextHash,
        bytes32 outputHash,
        uint64 units
    ) external view returns (bytes32 message);

    /// Return the epoch, its units so far, the difficulty with 18 decimals, and the target.
    function epoch(
    ) external view returns (uint256 number, uint256 units, uint256 difficulty, uint256 target);

    /// Return what of the balance is free, promised for work, and held of transfers.
    function pool() external view returns (uint256 left, uint256 promised, uint256 held);

    /// As bridge, announce a transfer, with its amount as value.
    function recordTeleport(
        bytes32 teleportId,
        bytes32 sender,
        address recipient,
        uint256 sourceChain
    ) external payable;

    /// Give an expired transfer back to the bridge.
    function returnTeleport(bytes32 teleportId) external returns (uint256 amount);

    /// As admin, name the bridge.
    function setBridge(address bridge) external;

    /// Return who names the bridge, and the bridge.
    function admin() external view returns (address admin, address bridge);
}
