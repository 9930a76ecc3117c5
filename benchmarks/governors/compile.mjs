// Compiles the Solidity sources named on the command line, with imports from node_modules, and
// prints {contract: {abi, bytecode}}. The EVM and the optimizer are those of published figures.
import { readFileSync } from "node:fs";
import solc from "solc";

const sources = Object.fromEntries(
  process.argv.slice(2).map((path) => [path, { content: readFileSync(path, "utf8") }]),
);
const input = {
  language: "Solidity",
  sources,
  settings: {
    evmVersion: "cancun",
    optimizer: { enabled: true, runs: 200 },
    outputSelection: { "*": { "*": ["abi", "evm.bytecode.object"] } },
  },
};
const load = (path) => ({ contents: readFileSync(`node_modules/${path}`, "utf8") });
const output = JSON.parse(solc.compile(JSON.stringify(input), { import: load }));
const errors = (output.errors ?? []).filter((each) => each.severity === "error");
if (errors.length) {
  console.error(errors.map((each) => each.formattedMessage).join("\n"));
  process.exit(1);
}
const made = {};
for (const contracts of Object.values(output.contracts)) {
  for (const [name, contract] of Object.entries(contracts)) {
    made[name] = { abi: contract.abi, bytecode: contract.evm.bytecode.object };
  }
}
console.log(JSON.stringify(made));
