#!/usr/bin/env node
// Lends the compiler of npm the command line that forge expects of solc.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const solc = createRequire(`${process.cwd()}/`)("solc");
if (process.argv.includes("--version")) {
  console.log(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}`);
} else {
  process.stdout.write(solc.compile(readFileSync(0, "utf-8")));
}
