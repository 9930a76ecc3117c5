// Runs FROST with noble-curves in five suites and prints what every signer sends, as JSON.
// Needs @noble/curves 2.4.0; writes frost_rounds.json to stdout.
import { secp256k1_FROST, schnorr_FROST } from '@noble/curves/secp256k1.js';
import { ed25519_FROST, ristretto255_FROST } from '@noble/curves/ed25519.js';
import { p256_FROST } from '@noble/curves/nist.js';
import { createHash } from 'crypto';
const hex = (bytes) => Buffer.from(bytes).toString('hex');
// Deterministic bytes in place of randomness, so that the file can be made again.
let counter = 0;
const rng = (n) => {
  let out = Buffer.alloc(0);
  while (out.length < n) {
    out = Buffer.concat([out, createHash('sha256').update(`rounds ${counter++}`).digest()]);
  }
  return new Uint8Array(out.subarray(0, n));
};
const suites = [secp256k1_FROST, schnorr_FROST, ed25519_FROST, p256_FROST, ristretto255_FROST];
const sessions = [];
for (const [index, frost] of suites.entries()) {
  for (const [min, max, size] of [[2, 2, 0], [2, 3, 32], [2, 3, 33], [3, 5, 100]]) {
    const ids = [...Array(max).keys()].map((i) => frost.Identifier.fromNumber(i + 1));
    const dealt = frost.trustedDealer({ min, max }, ids, undefined, rng);
    const message = new Uint8Array([...Array(size).keys()].map((i) => (i * 7 + size) % 256));
    const signers = ids.slice(max - min).map((id) => ({ id, secret: dealt.secretShares[id] }));
    const rounds = signers.map(({ id, secret }) => ({ id, secret, ...frost.commit(secret, rng) }));
    const list = rounds.map((r) => r.commitments);
    const share = (r) => frost.signShare(r.secret, dealt.public, r.nonces, list, message);
    const shares = Object.fromEntries(rounds.map((r) => [r.id, share(r)]));
    const signature = frost.aggregate(dealt.public, list, message, shares);
    if (!frost.verify(signature, message, dealt.public.commitments[0])) throw new Error('own');
    sessions.push({
      suite: index + 1,
      members: max,
      commitments: dealt.public.commitments.map(hex),
      verification_shares: ids.map((id) => hex(dealt.public.verifyingShares[id])),
      message: hex(message),
      signers: rounds.map((r) => ids.indexOf(r.id) + 1),
      hiding: rounds.map((r) => hex(r.commitments.hiding)),
      binding: rounds.map((r) => hex(r.commitments.binding)),
      shares: rounds.map((r) => hex(shares[r.id])),
      signature: hex(signature),
    });
  }
}
console.log(JSON.stringify(sessions, null, 1));
