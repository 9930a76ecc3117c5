// Compiles the Solidity peers beside this file and prints their byte-code, by name, as JSON.
// The argument is the node_modules folder that has solc and the contracts that they import.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const modules = resolve(process.argv[2]);
const solc = createRequire(join(modules, "any.js"))("solc");
const here = dirname(fileURLToPath(import.meta.url));

const sources = {};
for (const name of ["PackedEscrow.sol", "VotesToken.sol"]) {
  sources[name] = { content: readFileSync(join(here, name), "utf8") };
}
const load = (path) => ({ contents: readFileSync(join(modules, path), "utf8") });
const settings = {
  optimizer: { enabled: true, runs: 200 },
  evmVersion: "cancun",
  outputSelection: { "*": { "*": ["evm.bytecode.object"] } },
};
const input = { language: "Solidity", sources, settings };
const output = JSON.parse(solc.compile(JSON.stringify(input), { import: load }));
const errors = (output.errors ?? []).filter((each) => each.severity === "error");
if (errors.length) {
  console.error(errors.map((each) => each.formattedMessage).join("\n"));
  process.exit(1);
}
const made = {};
for (const source of Object.keys(sources)) {
  for (const [name, contract] of Object.entries(output.contracts[source])) {
    made[name] = contract.evm.bytecode.object;
  }
}
console.log(JSON.stringify(made));
