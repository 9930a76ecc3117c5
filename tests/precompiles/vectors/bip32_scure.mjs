// Makes bip32_scure.json with @scure/bip32: the unhardened steps of BIP-32's test vectors 1 and 2,
// and some of its own. Run where the package is installed: node bip32_scure.mjs > bip32_scure.json
import { HDKey } from "@scure/bip32";

const hex = (bytes) => Buffer.from(bytes).toString("hex");
const SEED_1 = "000102030405060708090a0b0c0d0e0f";
const SEED_2 =
  "fffcf9f6f3f0edeae7e4e1dedbd8d5d2cfccc9c6c3c0bdbab7b4b1aeaba8a5a2" +
  "9f9c999693908d8a8784817e7b7875726f6c696663605d5a5754514e4b484542";

const steps = [
  ["bip32-vector-1", SEED_1, "m/0'", [1]],
  ["bip32-vector-1", SEED_1, "m/0'/1/2'", [2]],
  ["bip32-vector-1", SEED_1, "m/0'/1/2'", [2, 1000000000]],
  ["bip32-vector-2", SEED_2, "m", [0]],
  ["bip32-vector-2", SEED_2, "m/0/2147483647'", [1]],
  ["bip32-vector-2", SEED_2, "m/0/2147483647'/1/2147483646'", [2]],
  ["scure", SEED_2, "m", []],
  ["scure", SEED_2, "m", [2147483647]],
  ["scure", SEED_1, "m", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]],
  ["scure", SEED_1, "m/44'/60'/0'", [0, 7]],
];

const made = steps.map(([source, seed, from, path]) => {
  const parent = HDKey.fromMasterSeed(Buffer.from(seed, "hex")).derive(from).wipePrivateData();
  const child = path.reduce((key, index) => key.deriveChild(index), parent);
  return {
    source,
    path: `${from} then ${path.join("/") || "nothing"}`,
    parent: hex(parent.publicKey),
    parent_chain_code: hex(parent.chainCode),
    indices: path,
    child: hex(child.publicKey),
    child_chain_code: hex(child.chainCode),
    xpub: child.publicExtendedKey,
  };
});
console.log(JSON.stringify(made, null, 1));
