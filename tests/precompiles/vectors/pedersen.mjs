// Commits on BN254 and secp256k1 and hashes as Starknet does, prints JSON.
// Needs @noble/curves 2.4.0 and @scure/starknet 2.4.0; writes pedersen.json to stdout.
// Points are noble's; the map to BN254 is written here as RFC 9380's straight-line program
// (appendix F.1) and checked against what gnark-crypto publishes for its suite.
import { bn254 } from '@noble/curves/bn254.js';
import { secp256k1, secp256k1_hasher } from '@noble/curves/secp256k1.js';
import { expand_message_xmd } from '@noble/curves/abstract/hash-to-curve.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToNumberBE } from '@noble/curves/utils.js';
import { computeHashOnElements, pedersen } from '@scure/starknet';

const utf8ToBytes = (text) => new TextEncoder().encode(text);
const G1 = bn254.G1.Point;
const Fp = G1.Fp;
const even = (x) => (x & 1n ? Fp.neg(x) : x);
const curve = (x) => Fp.add(Fp.pow(x, 3n), 3n);

const z = 1n;
const c1 = curve(z);
const c2 = Fp.neg(Fp.div(z, 2n));
const c3 = even(Fp.sqrt(Fp.neg(Fp.mul(c1, 3n * z * z))));
const c4 = Fp.div(Fp.neg(Fp.mul(4n, c1)), 3n * z * z);
const isSquare = (x) => Fp.is0(x) || Fp.eql(Fp.pow(x, (Fp.ORDER - 1n) / 2n), 1n);

function svdw(u) {
  let tv1 = Fp.mul(Fp.sqr(u), c1);
  const tv2 = Fp.add(1n, tv1);
  tv1 = Fp.sub(1n, tv1);
  let tv3 = Fp.mul(tv1, tv2);
  tv3 = Fp.is0(tv3) ? 0n : Fp.inv(tv3);
  const tv4 = Fp.mul(Fp.mul(Fp.mul(u, tv1), tv3), c3);
  const x1 = Fp.sub(c2, tv4);
  const e1 = isSquare(curve(x1));
  const x2 = Fp.add(c2, tv4);
  const e2 = isSquare(curve(x2)) && !e1;
  let x3 = Fp.sqr(Fp.mul(Fp.sqr(tv2), tv3));
  x3 = Fp.add(Fp.mul(x3, c4), z);
  const x = e1 ? x1 : e2 ? x2 : x3;
  const y = Fp.sqrt(curve(x));
  return G1.fromAffine({ x, y: (u & 1n) === (y & 1n) ? y : Fp.neg(y) });
}

function hashToBn254(message, tag) {
  const uniform = expand_message_xmd(message, utf8ToBytes(tag), 96, sha256);
  const [a, b] = [0, 48].map((i) => bytesToNumberBE(uniform.subarray(i, i + 48)) % Fp.ORDER);
  return svdw(a).add(svdw(b));
}

const gnarkTag = 'QUUX-V01-CS02-with-BN254G1_XMD:SHA-256_SVDW_RO_';
const published = hashToBn254(utf8ToBytes('abc'), gnarkTag);
if (published.x !== 0x23f717bee89b1003957139f193e6be7da1df5f1374b26a4643b0378b5baf53d1n)
  throw new Error('gnark');

const label = (i) =>
  i === 0
    ? utf8ToBytes('blinding')
    : new Uint8Array([...utf8ToBytes('value'), 0, 0, 0, i]);
const bnTag = 'PARS-PEDERSEN-V1-with-BN254G1_XMD:SHA-256_SVDW_RO_';
const secpTag = 'PARS-PEDERSEN-V1-with-secp256k1_XMD:SHA-256_SSWU_RO_';
const curves = {
  1: {
    Point: G1,
    order: bn254.fields.Fr.ORDER,
    generator: (i) => hashToBn254(label(i), bnTag),
  },
  2: {
    Point: secp256k1.Point,
    order: secp256k1.Point.Fn.ORDER,
    generator: (i) => secp256k1_hasher.hashToCurve(label(i), { DST: secpTag }),
  },
};

const plain = (point) => {
  if (point.is0()) return ['0', '0'];
  const { x, y } = point.toAffine();
  return [String(x), String(y)];
};
const derived = (order) => (text) => bytesToNumberBE(sha256(utf8ToBytes(text))) % order;
const vectors = [];
const add = (method, name, args, result, source) =>
  vectors.push({
    method,
    name: `${method}-${name}`,
    args: args.map((each) => (Array.isArray(each) ? each.map(String) : String(each))),
    result,
    source,
  });

for (const [number, { Point, order, generator }] of Object.entries(curves)) {
  const source = 'noble-curves 2.4.0';
  const from = derived(order);
  const times = (point, factor) => (factor === 0n ? Point.ZERO : point.multiplyUnsafe(factor));
  const H = generator(0);
  const commit = (value, blinding) => times(Point.BASE, value).add(times(H, blinding));
  const scalars = {
    zero: [0n, 0n],
    'value-only': [1n, 0n],
    'blinding-only': [0n, 1n],
    small: [5n, 7n],
    largest: [order - 1n, order - 1n],
    windows: [2n ** 248n + 256n, 2n ** 250n - 1n],
    'derived-1': [from('value 1'), from('blinding 1')],
    'derived-2': [from('value 2'), from('blinding 2')],
  };
  for (const [name, [value, blinding]] of Object.entries(scalars)) {
    const point = plain(commit(value, blinding));
    add('commit', `${number}-${name}`, [number, value, blinding], point, source);
    add('verifyOpening', `${number}-${name}`, [number, ...point, value, blinding], true, source);
  }
  const [a, b] = [commit(3n, from('a')), commit(4n, from('b'))];
  const [pa, pb, none] = [plain(a), plain(b), ['0', '0']];
  const pairs = { different: [pa, pb], equal: [pa, pa], first: [pa, none], second: [none, pb] };
  const opposite = plain(a.negate());
  Object.assign(pairs, { opposite: [pa, opposite], nothing: [none, none] });
  const point = ([x, y]) =>
    x === '0' ? Point.ZERO : Point.fromAffine({ x: BigInt(x), y: BigInt(y) });
  for (const [name, [first, second]] of Object.entries(pairs)) {
    const [p, q] = [point(first), point(second)];
    const args = [number, ...first, ...second];
    add('add', `${number}-${name}`, args, plain(p.add(q)), source);
    add('sub', `${number}-${name}`, args, plain(p.subtract(q)), source);
  }
  for (const count of [1, 2, 3, 8, 32]) {
    const values = [...Array(count).keys()].map((i) => from(`value ${i}`));
    if (count === 3) values[1] = 0n;
    const blinding = count === 2 ? 0n : from(`blinding of ${count}`);
    const sum = values.reduce(
      (total, value, i) => total.add(times(generator(i + 1), value)),
      times(H, blinding),
    );
    add('vectorCommit', `${number}-${count}`, [number, values, blinding], plain(sum), source);
  }
}

const prime = 2n ** 251n + 17n * 2n ** 192n + 1n;
const felt = derived(prime);
const pairs = {
  zeros: [0n, 0n],
  ones: [1n, 1n],
  largest: [prime - 1n, prime - 1n],
  'low-bits': [2n ** 248n - 1n, 2n ** 248n - 1n],
  'high-bits': [2n ** 248n, 2n ** 251n],
  'derived-1': [felt('first 1'), felt('second 1')],
  'derived-2': [felt('first 2'), felt('second 2')],
};
for (const [name, pair] of Object.entries(pairs))
  add('starknetHash', name, pair, String(BigInt(pedersen(...pair))), 'scure/starknet 2.4.0');
for (const count of [0, 1, 2, 3, 7, 16]) {
  const list = [...Array(count).keys()].map((i) => felt(`element ${i}`));
  const digest = String(BigInt(computeHashOnElements(list)));
  add('starknetHashMany', `of-${count}`, [list], digest, 'scure/starknet 2.4.0');
}
process.stdout.write(JSON.stringify(vectors).replaceAll('},{', '},\n{') + '\n');
