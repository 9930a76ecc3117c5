// Hashes and permutes with circomlibjs, checks the hashes against poseidon-lite, prints JSON.
// Needs circomlibjs 0.1.7 and poseidon-lite 0.3.0; writes poseidon_circomlibjs.json to stdout.
import { buildPoseidonReference } from 'circomlibjs';
import * as lite from 'poseidon-lite';
import { createHash } from 'crypto';

const order = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;
const poseidon = await buildPoseidonReference();
const plain = (elements) => elements.map((element) => poseidon.F.toObject(element));
const derived = (text) => BigInt('0x' + createHash('sha256').update(text).digest('hex')) % order;

const vectors = [];
for (let count = 1; count <= 16; count++) {
  const index = [...Array(count).keys()];
  const cases = {
    counting: index.map((i) => BigInt(i + 1)),
    zeros: index.map(() => 0n),
    largest: index.map(() => order - 1n),
    derived: index.map((i) => derived(`poseidon ${count} ${i}`)),
  };
  const capacity = derived(`capacity ${count}`);
  for (const [name, inputs] of Object.entries(cases)) {
    const digest = plain(poseidon(inputs, 0, count + 1))[0];
    if (lite['poseidon' + count](inputs) !== digest) throw new Error(`${name} ${count}`);
    const permuted = plain(poseidon(inputs, capacity, count + 1));
    vectors.push({
      name,
      inputs: inputs.map(String),
      digest: String(digest),
      capacity: String(capacity),
      permuted: permuted.map(String),
    });
  }
}
// The curve's worker threads would keep the process alive.
process.stdout.write(JSON.stringify(vectors, null, 1) + '\n', () => process.exit(0));
