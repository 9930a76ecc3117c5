// Compiles one Solidity source for each line on stdin, and answers each with a line of JSON.
// The argument is the folder in which imports are found.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import solc from "solc";

const interfaces = process.argv[2];

function load(path) {
  const file = join(interfaces, path);
  return existsSync(file) ? { contents: readFileSync(file, "utf8") } : { error: "no such file" };
}

for await (const line of createInterface({ input: process.stdin })) {
  const { name, content } = JSON.parse(line);
  const settings = {
    optimizer: { enabled: true },
    outputSelection: { "*": { "*": ["abi", "evm.bytecode.object"] } },
  };
  const input = { language: "Solidity", sources: { [name]: { content } }, settings };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: load }));
  const messages = (output.errors ?? []).map((each) => each.formattedMessage);
  const contracts = Object.values(output.contracts?.[name] ?? {}).map((contract) => ({
    abi: contract.abi,
    bytecode: contract.evm.bytecode.object,
  }));
  console.log(JSON.stringify({ messages, contracts }));
}
