// viem against a real node. Prints one line per check; a failed check ends the process.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as viem from "viem";
import { privateKeyToAccount } from "viem/accounts";

const { url, abi, bytecode, keys } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const chain = viem.defineChain({
  id: 6133,
  name: "Pars",
  nativeCurrency: { name: "Pars", symbol: "PARS", decimals: 18 },
  rpcUrls: { default: { http: [url] } },
});
const transport = viem.http(url);
const [account, other, lender] = keys.slice(0, 3).map((key) => privateKeyToAccount(key));
const reader = viem.createPublicClient({ chain, transport, pollingInterval: 50 });
const wallet = viem.createWalletClient({ account, chain, transport });
const dev = viem.createTestClient({ chain, transport, mode: "hardhat" });
const anvil = viem.createTestClient({ chain, transport, mode: "anvil" });
const live = viem.webSocket(url.replace("http", "ws"));
const socket = viem.createPublicClient({ chain, transport: live });

async function check(name, body) {
  await body();
  console.log(`ok ${name}`);
}

let address;

await check("network", async () => {
  assert.equal(await reader.getChainId(), 6133);
  assert.equal(await reader.getBalance({ address: account.address }), viem.parseEther("10000"));
});

await check("deploy", async () => {
  const hash = await wallet.deployContract({ abi, bytecode });
  const receipt = await reader.waitForTransactionReceipt({ hash });
  assert.equal(receipt.status, "success");
  address = receipt.contractAddress;
});

await check("write, read, events", async () => {
  const { request } = await reader.simulateContract({
    account, address, abi, functionName: "note", args: [7n, "seven"],
  });
  const written = await wallet.writeContract(request);
  const receipt = await reader.waitForTransactionReceipt({ hash: written });
  const [event] = viem.parseEventLogs({ abi, logs: receipt.logs });
  assert.deepEqual(event.args, { author: account.address, number: 7n, text: "seven" });
  assert.equal(await reader.readContract({ address, abi, functionName: "total" }), 7n);
  const found = await reader.getContractEvents({ address, abi, eventName: "Noted", fromBlock: 0n });
  assert.equal(found.length, 1);
});

await check("every type of transaction", async () => {
  for (const type of ["legacy", "eip2930", "eip1559"]) {
    const extra = type === "eip2930" ? { accessList: [] } : {};
    const hash = await wallet.sendTransaction({ to: other.address, value: 1n, type, ...extra });
    assert.equal((await reader.waitForTransactionReceipt({ hash })).type, type);
    assert.equal((await reader.getTransaction({ hash })).type, type);
  }
});

await check("an authorization", async () => {
  const lending = viem.createWalletClient({ account: lender, chain, transport });
  const authorization = await lending.signAuthorization({ contractAddress: address });
  const hash = await wallet.sendTransaction({
    to: lender.address,
    data: viem.encodeFunctionData({ abi, functionName: "note", args: [5n, "lent"] }),
    authorizationList: [authorization],
    gas: 300_000n,
  });
  const receipt = await reader.waitForTransactionReceipt({ hash });
  assert.equal(receipt.status, "success");
  assert.equal(receipt.type, "eip7702");
});

await check("fees", async () => {
  const fees = await reader.estimateFeesPerGas();
  assert(fees.maxFeePerGas > fees.maxPriorityFeePerGas);
  const history = await reader.getFeeHistory({ blockCount: 2, rewardPercentiles: [10, 90] });
  assert.equal(history.reward.length, 2);
  assert.equal(typeof (await reader.getBlobBaseFee()), "bigint");
});

await check("revert reasons", async () => {
  const call = { account, address, abi, functionName: "note", args: [0n, ""] };
  await assert.rejects(reader.simulateContract(call), (error) => {
    const revert = error.walk((each) => each instanceof viem.ContractFunctionRevertedError);
    assert.equal(revert.reason, "number is zero");
    return true;
  });
  const custom = viem.parseAbi(["error UnknownSelector(bytes4 selector)"]);
  const named = { address, abi: [...abi, ...custom], functionName: "call_poseidon" };
  await assert.rejects(reader.readContract({ ...named, args: ["0xdeadbeef"] }), (error) => {
    const revert = error.walk((each) => each instanceof viem.ContractFunctionRevertedError);
    assert.equal(revert.data.errorName, "UnknownSelector");
    assert.deepEqual(revert.data.args, ["0xdeadbeef"]);
    return true;
  });
});

await check("refused transactions", async () => {
  const fields = { to: other.address, gas: 21_000n };
  await assert.rejects(wallet.sendTransaction({ ...fields, nonce: 0 }), (error) =>
    error.walk((each) => each instanceof viem.NonceTooLowError) !== null);
  await assert.rejects(wallet.sendTransaction({ ...fields, value: 10n ** 30n }), (error) =>
    error.walk((each) => each instanceof viem.InsufficientFundsError) !== null);
});

await check("proofs", async () => {
  const storageKeys = [viem.numberToHex(1, { size: 32 })];
  const proof = await reader.getProof({ address, storageKeys });
  assert.equal(proof.storageProof[0].value, 7n);
});

await check("state overrides", async () => {
  const stateOverride = [{ address: other.address, code: "0x602a60005260206000f3" }];
  const { data } = await reader.call({ to: other.address, stateOverride });
  assert.equal(BigInt(data), 42n);
});

await check("blocks", async () => {
  const block = await reader.getBlock({ includeTransactions: true });
  assert.equal(block.transactions.length, 1);
  assert.equal((await reader.getBlock({ blockTag: "pending" })).number, block.number + 1n);
  await assert.rejects(reader.getBlock({ blockNumber: 9999n }), viem.BlockNotFoundError);
  const hash = viem.zeroHash;
  await assert.rejects(reader.getTransaction({ hash }), viem.TransactionNotFoundError);
});

await check("filters", async () => {
  const blocks = await reader.createBlockFilter();
  const logs = await reader.createContractEventFilter({ abi, address, eventName: "Noted" });
  const note = { address, abi, functionName: "note", args: [1n, "one"] };
  const hash = await wallet.writeContract(note);
  await reader.waitForTransactionReceipt({ hash });
  assert.equal((await reader.getFilterChanges({ filter: blocks })).length, 1);
  assert.equal((await reader.getFilterChanges({ filter: logs }))[0].args.text, "one");
  assert.equal(await reader.uninstallFilter({ filter: logs }), true);
});

await check("subscriptions", async () => {
  const seen = await new Promise((resolve, reject) => {
    const found = {};
    const timer = setTimeout(() => reject(new Error(JSON.stringify(Object.keys(found)))), 10_000);
    const stops = [];
    const note = (key, value) => {
      found[key] ??= value;
      if (Object.keys(found).length === 3) {
        clearTimeout(timer);
        stops.forEach((stop) => stop());
        resolve(found);
      }
    };
    stops.push(socket.watchBlocks({ onBlock: (block) => note("block", block.number) }));
    const onTransactions = ([hash]) => note("pending", hash);
    stops.push(socket.watchPendingTransactions({ onTransactions }));
    const onLogs = ([log]) => note("log", log.args.text);
    stops.push(socket.watchContractEvent({ address, abi, onLogs }));
    const write = { address, abi, functionName: "note", args: [3n, "three"] };
    setTimeout(() => wallet.writeContract(write), 300);
  });
  assert.equal(seen.log, "three");
});

await check("the methods of a development node, in both dialects", async () => {
  for (const client of [dev, anvil]) {
    const snapshot = await client.snapshot();
    await client.setBalance({ address: other.address, value: 5n });
    assert.equal(await reader.getBalance({ address: other.address }), 5n);
    await client.setNonce({ address: other.address, nonce: 7 });
    assert.equal(await reader.getTransactionCount({ address: other.address }), 7);
    await client.setCode({ address: other.address, bytecode: "0x602a60005260206000f3" });
    await client.setStorageAt({
      address: other.address, index: 1, value: viem.numberToHex(9, { size: 32 }),
    });
    assert.equal(BigInt(await reader.getStorageAt({ address: other.address, slot: "0x1" })), 9n);
    const before = await reader.getBlock();
    await client.mine({ blocks: 3, interval: 10 });
    const after = await reader.getBlock();
    assert.equal(after.number, before.number + 3n);
    assert(after.timestamp >= before.timestamp + 20n);
    await client.increaseTime({ seconds: 1000 });
    const next = after.timestamp + 5000n;
    await client.setNextBlockTimestamp({ timestamp: next });
    await client.mine({ blocks: 1 });
    assert.equal((await reader.getBlock()).timestamp, next);
    await client.impersonateAccount({ address });
    await client.setBalance({ address, value: 10n ** 18n });
    const hash = await client.request({
      method: "eth_sendTransaction",
      params: [{ from: address, to: account.address, value: "0x1" }],
    });
    assert.equal((await reader.getTransaction({ hash })).from, address.toLowerCase());
    await client.stopImpersonatingAccount({ address });
    assert.equal(await client.getAutomine(), true);
    await client.setAutomine(false);
    assert.equal(await client.getAutomine(), false);
    const waiting = await wallet.sendTransaction({ to: other.address, gas: 100_000n });
    assert.equal((await client.getTxpoolStatus()).pending, 1);
    assert.equal(Object.keys((await client.getTxpoolContent()).pending).length, 1);
    await client.dropTransaction({ hash: waiting });
    assert.equal((await client.getTxpoolStatus()).pending, 0);
    await client.setAutomine(true);
    await client.setBlockGasLimit({ gasLimit: 20_000_000n });
    await client.setNextBlockBaseFeePerGas({ baseFeePerGas: 1234n });
    await client.setCoinbase({ address: other.address });
    await client.mine({ blocks: 1 });
    const edited = await reader.getBlock();
    assert.equal(edited.gasLimit, 20_000_000n);
    assert.equal(edited.baseFeePerGas, 1234n);
    assert.equal(edited.miner, other.address.toLowerCase());
    await client.revert({ id: snapshot });
    assert.equal(await reader.getBlockNumber({ cacheTime: 0 }), before.number);
  }
});

await check("intervals in the unit of each dialect", async () => {
  await dev.setIntervalMining({ interval: 2 });
  assert.equal(await dev.request({ method: "anvil_getIntervalMining", params: [] }), 2);
  await dev.setIntervalMining({ interval: 0 });
  assert.equal(await dev.request({ method: "anvil_getIntervalMining", params: [] }), null);
});

(await socket.transport.getRpcClient()).close();
