// ethers against a real node. Prints one line per check; a failed check ends the process.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { ethers } from "ethers";

const { url, abi, bytecode, keys } = JSON.parse(readFileSync(process.argv[2], "utf8"));
// Its cache would repeat a nonce that a block has used meanwhile, as blocks come at once here.
const options = { pollingInterval: 50, cacheTimeout: -1 };
const provider = new ethers.JsonRpcProvider(url, undefined, options);
const wallet = new ethers.Wallet(keys[0], provider);
const socket = new ethers.WebSocketProvider(url.replace("http", "ws"));

async function check(name, body) {
  await body();
  console.log(`ok ${name}`);
}

let notebook;

await check("network", async () => {
  assert.equal((await provider.getNetwork()).chainId, 6133n);
  assert.equal(await provider.getBlockNumber(), 0);
  assert.equal(await provider.getBalance(wallet.address), ethers.parseEther("10000"));
});

await check("deploy", async () => {
  const factory = new ethers.ContractFactory(abi, bytecode, wallet);
  notebook = await factory.deploy();
  await notebook.waitForDeployment();
  assert.notEqual(await provider.getCode(await notebook.getAddress()), "0x");
});

await check("send, wait, events", async () => {
  const sent = await notebook.note(7, "seven");
  const receipt = await sent.wait();
  assert.equal(receipt.status, 1);
  assert.equal(receipt.logs[0].fragment.name, "Noted");
  assert.deepEqual([...receipt.logs[0].args], [wallet.address, 7n, "seven"]);
  const found = await notebook.queryFilter(notebook.filters.Noted(wallet.address), 0);
  assert.equal(found.length, 1);
  assert.equal(await notebook.notes(wallet.address), 7n);
});

await check("every type of transaction", async () => {
  for (const type of [0, 1, 2]) {
    const sent = await wallet.sendTransaction({ to: wallet.address, value: 1n, type });
    const receipt = await sent.wait();
    assert.equal(receipt.type, type);
    const mined = await provider.getTransaction(sent.hash);
    assert.equal(mined.hash, sent.hash);
    assert.equal(mined.type, type);
  }
});

await check("an authorization", async () => {
  const lender = new ethers.Wallet(keys[2], provider);
  const address = await notebook.getAddress();
  const authorization = await lender.authorize({ address, nonce: 0, chainId: 6133 });
  const sent = await wallet.sendTransaction({
    type: 4,
    to: lender.address,
    gasLimit: 300_000,
    data: notebook.interface.encodeFunctionData("note", [5, "lent"]),
    authorizationList: [authorization],
  });
  assert.equal((await sent.wait()).status, 1);
  assert.equal(await provider.getCode(lender.address), "0xef0100" + address.slice(2).toLowerCase());
});

await check("fees", async () => {
  const fees = await provider.getFeeData();
  assert(fees.maxFeePerGas > fees.maxPriorityFeePerGas);
  assert(fees.gasPrice > 0n);
});

await check("revert reasons", async () => {
  await assert.rejects(notebook.note.staticCall(0, ""), (error) => {
    assert.equal(error.code, "CALL_EXCEPTION");
    assert.equal(error.reason, "number is zero");
    return true;
  });
  await assert.rejects(notebook.note(0, ""), { code: "CALL_EXCEPTION", reason: "number is zero" });
  await assert.rejects(notebook.call_poseidon("0xdeadbeef"), (error) => {
    const selector = ethers.id("UnknownSelector(bytes4)").slice(0, 10);
    assert.equal(error.data, selector + "deadbeef".padEnd(64, "0"));
    return true;
  });
});

await check("refused transactions", async () => {
  const poor = ethers.Wallet.createRandom(provider);
  const fields = { to: wallet.address, value: 1n, gasLimit: 21_000 };
  await assert.rejects(poor.sendTransaction(fields), { code: "INSUFFICIENT_FUNDS" });
  await assert.rejects(wallet.sendTransaction({ ...fields, nonce: 0 }), { code: "NONCE_EXPIRED" });
});

await check("null answers", async () => {
  assert.equal(await provider.getBlock(9999), null);
  assert.equal(await provider.getTransaction(ethers.ZeroHash), null);
  assert.equal(await provider.getTransactionReceipt(ethers.ZeroHash), null);
});

await check("blocks with transactions", async () => {
  const block = await provider.getBlock("latest", true);
  assert.equal(block.prefetchedTransactions.length, block.transactions.length);
  assert.equal((await provider.getBlock("pending")).number, block.number + 1);
});

await check("signatures of the node", async () => {
  const signer = await provider.getSigner(0);
  assert.equal(signer.address, wallet.address);
  const signature = await signer.signMessage("hello");
  assert.equal(ethers.verifyMessage("hello", signature), wallet.address);
  const domain = { name: "Pars", chainId: 6133 };
  const types = { Note: [{ name: "text", type: "string" }] };
  const typed = await signer.signTypedData(domain, types, { text: "hello" });
  assert.equal(ethers.verifyTypedData(domain, types, { text: "hello" }, typed), wallet.address);
  const sent = await signer.sendTransaction({ to: wallet.address, value: 1n });
  assert.equal((await sent.wait()).status, 1);
});

await check("subscriptions", async () => {
  const seen = { block: null, pending: null, log: null };
  const watched = notebook.connect(socket);
  const all = new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(JSON.stringify(seen))), 10_000);
    const note = (key, value) => {
      seen[key] ??= value;
      if (Object.values(seen).every((each) => each !== null)) {
        clearTimeout(timer);
        resolve();
      }
    };
    socket.on("block", (number) => note("block", number));
    socket.on("pending", (hash) => note("pending", hash));
    watched.on("Noted", (author, number) => note("log", `${author} ${number}`));
  });
  await socket.getBlockNumber();
  await watched.listenerCount();
  await new Promise((resolve) => setTimeout(resolve, 200));
  const sent = await notebook.note(9, "nine");
  await sent.wait();
  await all;
  assert.equal(seen.pending, sent.hash);
  assert.equal(seen.log, `${wallet.address} 9`);
});

await check("polled events", async () => {
  const found = new Promise((resolve) => {
    notebook.once("Noted", (author, number) => resolve(number));
  });
  await new Promise((resolve) => setTimeout(resolve, 200));
  await (await notebook.note(11, "eleven")).wait();
  assert.equal(await found, 11n);
});

await socket.destroy();
provider.destroy();
