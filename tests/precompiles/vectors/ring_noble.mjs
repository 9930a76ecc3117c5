// Signs with a ring signature written here from its description, on noble-curves' secp256k1 and its
// own hash to the curve, and prints JSON. Needs @noble/curves 2.4.0 and @noble/hashes.
import { secp256k1, secp256k1_hasher as hasher } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { sha512, sha256 } from '@noble/hashes/sha2.js';
import { hmac } from '@noble/hashes/hmac.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';

const { Point } = secp256k1;
const n = Point.Fn.ORDER;
const TAG = utf8ToBytes('PARS-LSAG-SECP256K1-KECCAK256-V1');
const DST = 'PARS-V01-LSAG-with-secp256k1_XMD:SHA-256_SSWU_RO_';
const hex = (bytes) => Buffer.from(bytes).toString('hex');
const number = (bytes) => BigInt('0x' + hex(bytes));
const bytes = (value, size) => Buffer.from(value.toString(16).padStart(2 * size, '0'), 'hex');
const mod = (value) => ((value % n) + n) % n;
const hashed = (key) => hasher.hashToCurve(key, { DST });

function sign(secret, keys, message, seed) {
  const me = keys.findIndex((key) => hex(key) === hex(Point.BASE.multiply(secret).toBytes()));
  const ring = concatBytes(...keys);
  const image = hashed(keys[me]).multiply(secret);
  const challenge = (L, R) => {
    const parts = [TAG, keccak_256(ring), image.toBytes(), message, L.toBytes(), R.toBytes()];
    return mod(number(keccak_256(concatBytes(...parts))));
  };
  const context = concatBytes(keccak_256(ring), keccak_256(message));
  const scalar = (i) => {
    const key = concatBytes(bytes(secret, 32), seed);
    return (number(hmac(sha512, key, concatBytes(context, bytes(BigInt(i), 4)))) % (n - 1n)) + 1n;
  };
  const nonce = scalar(0);
  const s = keys.map((_, i) => scalar(i + 1));
  const c = [];
  c[(me + 1) % keys.length] = challenge(
    Point.BASE.multiply(nonce), hashed(keys[me]).multiply(nonce));
  for (let step = 1; step < keys.length; step++) {
    const i = (me + step) % keys.length;
    const L = Point.BASE.multiply(s[i]).add(Point.fromBytes(keys[i]).multiply(c[i]));
    const R = hashed(keys[i]).multiply(s[i]).add(image.multiply(c[i]));
    c[(i + 1) % keys.length] = challenge(L, R);
  }
  s[me] = mod(nonce - c[me] * secret);
  return { image: image.toBytes(), challenge: c[0], responses: s };
}

const secretOf = (label) => (number(sha512(utf8ToBytes(label))) % (n - 1n)) + 1n;
const cases = [
  [2, 0, 0], [2, 1, 32], [3, 0, 1], [3, 1, 55], [3, 2, 135], [4, 3, 64],
  [8, 5, 32], [16, 0, 200], [16, 15, 33], [128, 77, 4096],
];
const vectors = cases.map(([size, me, length]) => {
  const secrets = [...Array(size).keys()].map((i) => secretOf(`ring ${size} member ${i}`));
  const keys = secrets.map((secret) => Point.BASE.multiply(secret).toBytes());
  const message = Uint8Array.from({ length }, (_, i) => (i * 7 + size) % 256);
  const seed = sha256(utf8ToBytes(`seed ${size} ${me} ${length}`));
  const signature = sign(secrets[me], keys, message, seed);
  return {
    secret: hex(bytes(secrets[me], 32)),
    seed: hex(seed),
    ring: hex(concatBytes(...keys)),
    message: hex(message),
    image: hex(signature.image),
    challenge: hex(bytes(signature.challenge, 32)),
    responses: hex(concatBytes(...signature.responses.map((s) => bytes(s, 32)))),
  };
});

// The smallest and the largest secret.
for (const me of [0, 1]) {
  const secrets = [1n, n - 1n];
  const keys = secrets.map((secret) => Point.BASE.multiply(secret).toBytes());
  const message = utf8ToBytes('edge');
  const signature = sign(secrets[me], keys, message, new Uint8Array(32));
  vectors.push({
    secret: hex(bytes(secrets[me], 32)),
    seed: hex(new Uint8Array(32)),
    ring: hex(concatBytes(...keys)),
    message: hex(message),
    image: hex(signature.image),
    challenge: hex(bytes(signature.challenge, 32)),
    responses: hex(concatBytes(...signature.responses.map((s) => bytes(s, 32)))),
  });
}

// Whoever knows a member's secret can make L or R infinite there: s = -c x, or -c y for an image
// y Hp(P). At the first member with challenge 1, and at the last.
const infinite = (() => {
  const [x0, x1, y] = [5n, 6n, 7n];
  const keys = [x0, x1].map((secret) => Point.BASE.multiply(secret).toBytes());
  const ring = concatBytes(...keys);
  const message = utf8ToBytes('infinite');
  const made = (name, image, first, s) => ({
    name, ring: hex(ring), message: hex(message), image: hex(image.toBytes()),
    challenge: hex(bytes(first, 32)), responses: hex(concatBytes(...s.map((k) => bytes(k, 32)))),
  });
  const after = (image, c, s) => {
    const L = Point.BASE.multiply(s).add(Point.fromBytes(keys[0]).multiply(c));
    const R = hashed(keys[0]).multiply(s).add(image.multiply(c));
    const parts = [TAG, keccak_256(ring), image.toBytes(), message, L.toBytes(), R.toBytes()];
    return mod(number(keccak_256(concatBytes(...parts))));
  };
  const [own, other] = [hashed(keys[0]).multiply(x0), hashed(keys[0]).multiply(y)];
  const last = hashed(keys[1]).multiply(x1);
  return [
    made('both-at-first', own, 1n, [mod(-x0), 9n]),
    made('left-at-first', other, 1n, [mod(-x0), 9n]),
    made('right-at-first', other, 1n, [mod(-y), 9n]),
    made('both-at-last', last, 1n, [9n, mod(-after(last, 1n, 9n) * x1)]),
    made('left-at-last', own, 1n, [9n, mod(-after(own, 1n, 9n) * x1)]),
  ];
})();

// One key signs in one ring for several spenders and scopes: what `spend` takes.
const spender = bytes(0x7e5f4552091a69125d5dfcb7b8c2659029395bdfn, 20); // of the private key 1
const other = bytes(0xb0bn, 20);
const secrets = [1, 2, 3].map((i) => secretOf(`voter ${i}`));
const keys = secrets.map((secret) => Point.BASE.multiply(secret).toBytes());
const spends = [
  ['first', 0, spender, 1n], ['same-key', 0, spender, 1n], ['other-key', 1, spender, 1n],
  ['other-scope', 0, spender, 2n], ['other-spender', 0, other, 1n],
].map(([name, me, who, scope]) => {
  const message = utf8ToBytes(`vote ${name}`);
  const chain = bytes(6133n, 32);
  const parts = [utf8ToBytes('PARS-LSAG-SPEND-V1'), chain, who, bytes(scope, 32), message];
  const bound = keccak_256(concatBytes(...parts));
  const signature = sign(secrets[me], keys, bound, new Uint8Array(32));
  return {
    name,
    spender: hex(who),
    scope: hex(bytes(scope, 32)),
    message: hex(message),
    bound: hex(bound),
    ring: hex(concatBytes(...keys)),
    image: hex(signature.image),
    challenge: hex(bytes(signature.challenge, 32)),
    responses: hex(concatBytes(...signature.responses.map((s) => bytes(s, 32)))),
  };
});
console.log(JSON.stringify({ vectors, infinite, spends }, null, 1));
