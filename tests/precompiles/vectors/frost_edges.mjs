// Judges Ed25519 edge cases, and makes elements of groups, with noble-curves; prints JSON.
// Needs @noble/curves 2.4.0. Reads frost_speccheck.json and frost_rfc9591.json; writes
// frost_edges.json to stdout. A key counts when it has prime order; a signature by the cofactored
// equation, with R in its one encoding and s below the order.
import { readFileSync } from 'fs';
import { createHash } from 'crypto';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { ed25519, ristretto255 } from '@noble/curves/ed25519.js';
import { p256 } from '@noble/curves/nist.js';
const hex = (bytes) => Buffer.from(bytes).toString('hex');
const bytes = (text) => Uint8Array.from(Buffer.from(text, 'hex'));
const Point = ed25519.Point;
const L = Point.Fn.ORDER;
const little = (data) => data.reduceRight((total, byte) => (total << 8n) | BigInt(byte), 0n);
const asLittle = (value) => {
  const out = new Uint8Array(32);
  for (let i = 0; i < 32; i++) out[i] = Number((value >> BigInt(8 * i)) & 255n);
  return out;
};
const hash = (...parts) =>
  little([...createHash('sha512').update(Buffer.concat(parts)).digest()]) % L;
const judge = (publicKey, message, signature) => {
  const [key, R] = [bytes(publicKey), bytes(signature).subarray(0, 32)];
  const s = little([...bytes(signature).subarray(32)]);
  const A = Point.fromBytes(key, true);
  const canonical = hex(A.toBytes()) === publicKey;
  if (!canonical || A.isSmallOrder() || !A.isTorsionFree()) return 'invalid key';
  let r;
  try {
    r = Point.fromBytes(R); // Strict: refuses a second encoding.
  } catch {
    return false;
  }
  if (s >= L) return false;
  const k = hash(R, key, bytes(message));
  const base = s ? Point.BASE.multiply(s) : Point.ZERO;
  return base.subtract(r).subtract(A.multiply(k)).clearCofactor().is0();
};
const cases = JSON.parse(readFileSync('frost_speccheck.json')).map((each) => ({
  public_key: each.pub_key,
  message: each.message,
  signature: each.signature,
}));
// R with a part of small order, under a good key: holds by the cofactored equation only.
const torsion = Point.fromBytes(
  bytes('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'),
);
const a = hash(Buffer.from('secret'));
const A = Point.BASE.multiply(a).toBytes();
for (const [name, r, part] of [
  ['torsion', hash(Buffer.from('nonce')), torsion],
  ['torsion-4', hash(Buffer.from('nonce 4')), torsion.double()],
  ['torsion-only', 0n, torsion],
  ['identity', 0n, Point.ZERO],
]) {
  const R = (r ? Point.BASE.multiply(r) : Point.ZERO).add(part).toBytes();
  const message = Buffer.from(name);
  const s = (r + hash(R, A, message) * a) % L;
  for (const value of [s, (s + 1n) % L, s + L]) {
    const signature = hex(R) + hex(asLittle(value));
    cases.push({ public_key: hex(A), message: hex(message), signature });
  }
}
const ed = cases.map((each) => ({
  ...each,
  valid: judge(each.public_key, each.message, each.signature),
}));
const groups = { 1: secp256k1, 2: secp256k1, 3: ed25519, 4: p256, 5: ristretto255 };
const rounds = JSON.parse(readFileSync('frost_rfc9591.json')).map((each) => {
  const isLittle = each.suite === 3 || each.suite === 5;
  const big = (x) => (isLittle ? little([...bytes(x)]) : BigInt('0x' + x));
  const times = (x) => hex(groups[each.suite].Point.BASE.multiply(big(x)).toBytes());
  const commitments = [each.secret, each.coefficient].map(times);
  return { name: each.name, commitments, verification_shares: each.secret_shares.map(times) };
});
console.log(JSON.stringify({ ed25519: ed, rounds }, null, 1));
