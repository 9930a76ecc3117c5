// Signs messages of several lengths with noble-curves' FROST(secp256k1, SHA-256) and prints JSON.
// Needs @noble/curves 2.4.0; writes frost_noble.json to stdout.
import { secp256k1_FROST as frost } from '@noble/curves/secp256k1.js';
import { createHash } from 'crypto';
const hex = (bytes) => Buffer.from(bytes).toString('hex');
// Deterministic bytes in place of randomness, so that the file can be made again.
let counter = 0;
const rng = (n) => {
  let out = Buffer.alloc(0);
  while (out.length < n) {
    out = Buffer.concat([out, createHash('sha256').update(`frost ${counter++}`).digest()]);
  }
  return new Uint8Array(out.subarray(0, n));
};
const vectors = [];
const groups = [
  [2, 2, 0], [2, 3, 1], [2, 3, 32], [3, 5, 55], [3, 5, 64], [2, 3, 119], [4, 7, 1000], [2, 3, 4096],
];
for (const [min, max, size] of groups) {
  const ids = [...Array(max).keys()].map((i) => frost.Identifier.fromNumber(i + 1));
  const dealt = frost.trustedDealer({ min, max }, ids, undefined, rng);
  const message = new Uint8Array([...Array(size).keys()].map((i) => (i * 7 + size) % 256));
  const signers = ids.slice(max - min).map((id) => ({ id, secret: dealt.secretShares[id] }));
  const rounds = signers.map(({ id, secret }) => ({ id, secret, ...frost.commit(secret, rng) }));
  const list = rounds.map((r) => r.commitments);
  const share = (r) => frost.signShare(r.secret, dealt.public, r.nonces, list, message);
  const shares = Object.fromEntries(rounds.map((r) => [r.id, share(r)]));
  const signature = frost.aggregate(dealt.public, list, message, shares);
  const key = dealt.public.commitments[0];
  if (!frost.verify(signature, message, key)) throw new Error('own signature');
  vectors.push({
    threshold: min,
    group: max,
    public_key: hex(key),
    message: hex(message),
    signature: hex(signature),
  });
}
console.log(JSON.stringify(vectors, null, 1));
