// Hashes, squeezes and makes trees with the instances of Poseidon, prints JSON.
// Needs @zkpassport/poseidon2 0.6.2, @scure/starknet 2.4.0, circomlibjs 0.1.7 and poseidon-lite
// 0.3.0; writes poseidon_instances.json to stdout. No library has Plonky3's Goldilocks, nor trees
// and sponges of 3 lanes over BN254: these are written here, bit by bit as the papers state them,
// and stand on published permutations.
import * as zkpassport from '@zkpassport/poseidon2';
import { poseidonHash, poseidonHashMany, poseidonSmall } from '@scure/starknet';
import { buildPoseidonReference } from 'circomlibjs';
import { poseidon2 } from 'poseidon-lite';
import { createHash } from 'crypto';

const { F1Field, Poseidon2, getPoseidon2Params, permute, poseidon2Hash } = zkpassport;

const bn254 = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;
const stark = 2n ** 251n + 17n * 2n ** 192n + 1n;
const small = 2n ** 64n - 2n ** 32n + 1n;

function* grain(bits, width, partial) {
  const state = [];
  for (const [value, size] of [[1, 2], [0, 4], [bits, 12], [width, 12], [8, 10], [partial, 10]])
    for (let i = size - 1; i >= 0; i--) state.push((value >> i) & 1);
  while (state.length < 80) state.push(1);
  const next = () => {
    const bit = [62, 51, 38, 23, 13, 0].reduce((sum, tap) => sum ^ state[tap], 0);
    state.shift();
    state.push(bit);
    return bit;
  };
  for (let i = 0; i < 160; i++) next();
  const kept = () => {
    while (!next()) next();
    return next();
  };
  for (;;) {
    let number = 0n;
    for (let i = 0; i < bits; i++) number = (number << 1n) | BigInt(kept());
    yield number;
  }
}

function constants(order, bits, width, partial) {
  const numbers = grain(bits, width, partial);
  const list = [];
  while (list.length < 8 * width + partial) {
    const { value } = numbers.next();
    if (value < order) list.push(value);
  }
  return list;
}

// Poseidon2 over BN254 in 3 lanes, with the library's permutation.
const drawn = constants(bn254, 254, 3, 56);
const rows = [];
for (let round = 0, next = 0; round < 64; round++) {
  const partial = round >= 4 && round < 60;
  rows.push(partial ? [drawn[next++], 0n, 0n] : [drawn[next++], drawn[next++], drawn[next++]]);
}
const three = new Poseidon2(
  getPoseidon2Params(3, 5, 8, 56, [1n, 1n, 2n], [[2n, 1n, 1n], [1n, 2n, 1n], [1n, 1n, 3n]], rows),
  new F1Field(bn254),
);

// Poseidon2 over Goldilocks, as Plonky3 has it.
const half = (small + 1n) / 2n;
const mod = (x) => ((x % small) + small) % small;
const diagonals = {
  8: [-2n, 1n, 2n, half, 3n, -half, -3n, -4n],
  12: [-2n, 1n, 2n, half, 3n, 4n, -half, -3n, -4n, half ** 2n, -(half ** 2n), half ** 3n],
};
const seventh = (x) => mod(x ** 7n);
const block = [[2n, 3n, 1n, 1n], [1n, 2n, 3n, 1n], [1n, 1n, 2n, 3n], [3n, 1n, 1n, 2n]];
function goldilocks(input) {
  const width = input.length;
  const list = constants(small, 64, width, 22);
  const external = (state) =>
    state.map((_, i) =>
      mod(state.reduce((sum, lane, j) => {
        const twice = Math.floor(i / 4) === Math.floor(j / 4) ? 2n : 1n;
        return sum + twice * block[i % 4][j % 4] * lane;
      }, 0n)),
    );
  let state = external(input);
  const full = () => {
    state = external(state.map((lane) => seventh(lane + list.shift())));
  };
  for (let i = 0; i < 4; i++) full();
  for (let i = 0; i < 22; i++) {
    state[0] = seventh(state[0] + list.shift());
    const total = state.reduce((sum, lane) => sum + lane, 0n);
    state = state.map((lane, j) => mod(total + lane * diagonals[width][j]));
  }
  for (let i = 0; i < 4; i++) full();
  return state;
}

const published = [
  [
    three.permute([0n, 1n, 2n])[2],
    0x1ed25194542b12eef8617361c3ba7c52e660b145994427cc86296242cf766ec8n,
  ],
  [goldilocks([0, 1, 2, 3, 4, 5, 6, 7].map(BigInt))[7], 0xf415abb924da395bn],
  [goldilocks([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map(BigInt))[11], 0x0aaf4489f1f40166n],
];
for (const [actual, expected] of published) if (actual !== expected) throw new Error('published');

function sponge(permutation, order, width, rate, tag, elements, count) {
  let state = Array(width).fill(0n);
  state[width - 1] = tag;
  for (let start = 0; start < Math.max(elements.length, 1); start += rate) {
    elements.slice(start, start + rate).forEach((x, i) => (state[i] = (state[i] + x) % order));
    state = permutation(state);
  }
  const output = state.slice(0, rate);
  while (output.length < count) {
    state = permutation(state);
    output.push(...state.slice(0, rate));
  }
  return output.slice(0, count);
}
const length = (n, shift, count) => (BigInt(n) << shift) + BigInt(count - 1);
const joined = (lanes) => lanes.reduce((word, lane) => (word << 64n) | lane, 0n);
const parts = (word) => [192n, 128n, 64n, 0n].map((shift) => (word >> shift) & (2n ** 64n - 1n));
const p4 = (state) => permute(state);
const p3 = (state) => three.permute(state);
const starknet = (state) => poseidonSmall(state);

const reference = await buildPoseidonReference();
const circom = ([capacity, ...rest]) =>
  reference(rest, capacity, rest.length + 1).map((lane) => reference.F.toObject(lane));
// The capacity is circom's first lane, the others' last.
const turned = ([a, b, capacity]) => {
  const [last, ...first] = circom([capacity, a, b]);
  return [...first, last];
};

const instances = {
  1: {
    order: bn254,
    widths: [],
    compress: (a, b) => poseidon2([a, b]),
    sponge: (list, n) => sponge(turned, bn254, 3, 2, length(list.length, 64n, n), list, n),
    source: 'circomlibjs 0.1.7, poseidon-lite 0.3.0',
  },
  2: {
    order: bn254,
    widths: [4],
    permute: p4,
    hash: (list) => poseidon2Hash(list),
    compress: (a, b) => poseidon2Hash([a, b]),
    sponge: (list, n) => sponge(p4, bn254, 4, 3, length(list.length, 64n, n), list, n),
    source: 'zkpassport/poseidon2 0.6.2',
  },
  3: {
    order: bn254,
    widths: [3],
    permute: p3,
    hash: (list) => sponge(p3, bn254, 3, 2, length(list.length, 64n, 1), list, 1)[0],
    compress: (a, b) => p3([a, b, 0n])[0],
    sponge: (list, n) => sponge(p3, bn254, 3, 2, length(list.length, 64n, n), list, n),
    source: 'zkpassport/poseidon2 0.6.2, permutation of HorizenLabs',
  },
  4: {
    order: stark,
    widths: [3],
    permute: starknet,
    hash: (list) => poseidonHashMany(list),
    compress: (a, b) => poseidonHash(a, b),
    sponge: (list, n) => sponge(starknet, stark, 3, 2, 0n, [...list, 1n], n),
    source: 'scure/starknet 2.4.0',
  },
  5: {
    order: small,
    widths: [8, 12],
    permute: goldilocks,
    hash: (list) => joined(sponge(goldilocks, small, 12, 8, length(list.length, 32n, 4), list, 4)),
    compress: (a, b) => joined(goldilocks([...parts(a), ...parts(b)]).slice(0, 4)),
    sponge: (list, n) => sponge(goldilocks, small, 12, 8, length(list.length, 32n, n), list, n),
    source: 'poseidon_instances.mjs, permutation of Plonky3',
  },
};

const vectors = [];
for (const [number, instance] of Object.entries(instances)) {
  const hex = (text) => createHash('sha256').update(text).digest('hex');
  const derived = (text) => BigInt('0x' + hex(text)) % instance.order;
  const indices = (count) => [...Array(count).keys()];
  const list = (name, count) => indices(count).map((i) => derived(`${name} ${number} ${i}`));
  const add = (method, name, args, result) =>
    vectors.push({
      method,
      name: `${method}-${number}-${name}`,
      instance: Number(number),
      args: args.map((each) => (Array.isArray(each) ? each.map(String) : String(each))),
      result: Array.isArray(result) ? result.map(String) : String(result),
      source: instance.source,
    });
  for (const width of instance.widths) {
    const states = {
      counting: [...Array(width).keys()].map(BigInt),
      largest: Array(width).fill(instance.order - 1n),
      derived: list('permute', width),
    };
    for (const [name, state] of Object.entries(states))
      add('permute', `${name}-${width}`, [state], instance.permute([...state]));
  }
  for (const count of number === '1' ? [] : [0, 1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 33, 64]) {
    const elements = list('hash', count);
    add('hash', `derived-${count}`, [elements], instance.hash(elements));
  }
  const largest = Array(5).fill(instance.order - 1n);
  if (number !== '1') add('hash', 'largest-5', [largest], instance.hash(largest));
  const sizes = [[0, 1], [1, 1], [1, 2], [3, 2], [5, 3], [5, 9], [16, 20], [40, 64]];
  for (const [count, outputs] of sizes) {
    const elements = list('sponge', count);
    const name = `${count}-to-${outputs}`;
    add('sponge', name, [elements, outputs], instance.sponge(elements, outputs));
  }
  const leaf = (x, i) => (number === '5' ? instance.hash([x, BigInt(i)]) : x);
  const digests = list('leaf', 16).map(leaf);
  add('compress', 'derived', digests.slice(0, 2), instance.compress(digests[0], digests[1]));
  add('compress', 'turned', [digests[1], digests[0]], instance.compress(digests[1], digests[0]));
  for (const count of [1, 2, 4, 16]) {
    const levels = [digests.slice(0, count)];
    while (levels.at(-1).length > 1) {
      const below = levels.at(-1);
      const lefts = below.filter((_, i) => i % 2 === 0);
      levels.push(lefts.map((x, i) => instance.compress(x, below[2 * i + 1])));
    }
    const root = levels.at(-1)[0];
    add('merkleRoot', `of-${count}`, [levels[0]], root);
    for (const index of [0, 5, 15].filter((i) => i < count && count > 1)) {
      const path = levels.slice(0, -1).map((level, height) => level[(index >> height) ^ 1]);
      add('verifyMerkle', `${index}-of-${count}`, [root, levels[0][index], index, path], true);
    }
  }
}
// The curve's worker threads would keep the process alive.
const text = JSON.stringify(vectors).replaceAll('},{', '},\n{') + '\n';
process.stdout.write(text, () => process.exit(0));
