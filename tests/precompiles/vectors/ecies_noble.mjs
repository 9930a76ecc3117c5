// Encrypts and decrypts in the RLPx profile on noble-curves and noble-ciphers; prints JSON. What
// ecies-parity can do (macData is two zeros there) must come out of both. Decrypts EIP-8's packets.
// Needs @noble/curves, @noble/hashes, @noble/ciphers 2.4.0 and ecies-parity 0.1.1.
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { hmac } from '@noble/hashes/hmac.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { ctr } from '@noble/ciphers/aes.js';
import { concatBytes, utf8ToBytes, hexToBytes } from '@noble/hashes/utils.js';
import parity from 'ecies-parity';
import { readFileSync } from 'fs';

const { Point } = secp256k1;
const n = Point.Fn.ORDER;
const hex = (bytes) => Buffer.from(bytes).toString('hex');
const number = (bytes) => BigInt('0x' + hex(bytes));
const bytes = (value) => Uint8Array.from(Buffer.from(value.toString(16).padStart(64, '0'), 'hex'));

function keysOf(shared) {
  const derived = sha256(concatBytes(Uint8Array.of(0, 0, 0, 1), shared.toBytes(true).slice(1)));
  return [derived.slice(0, 16), sha256(derived.slice(16))];
}
function encrypt(publicKey, macData, plaintext, r, iv) {
  const [cipherKey, macKey] = keysOf(Point.fromBytes(publicKey).multiply(number(r)));
  const sealed = concatBytes(iv, ctr(cipherKey, iv).encrypt(plaintext));
  const mac = hmac(sha256, macKey, concatBytes(sealed, macData));
  return concatBytes(Point.BASE.multiply(number(r)).toBytes(false), sealed, mac);
}
function decrypt(secret, macData, message) {
  const shared = Point.fromBytes(message.slice(0, 65)).multiply(number(secret));
  const [cipherKey, macKey] = keysOf(shared);
  const sealed = message.slice(65, -32);
  const mac = hmac(sha256, macKey, concatBytes(sealed, macData));
  if (hex(mac) !== hex(message.slice(-32))) throw new Error('mac');
  return ctr(cipherKey, sealed.slice(0, 16)).decrypt(sealed.slice(16));
}
function ephemeral(caller, publicKey, macData, plaintext, seed) {
  const info = concatBytes(caller, sha256(publicKey), sha256(macData), sha256(plaintext));
  const uniform = hkdf(sha256, seed, utf8ToBytes('PARS-ECIES-SEED-V1'), info, 64);
  return [bytes((number(uniform.slice(0, 48)) % (n - 1n)) + 1n), uniform.slice(48)];
}

const callers = [
  '7e5f4552091a69125d5dfcb7b8c2659029395bdf', '00000000000000000000000000000000000b0b00',
].map(hexToBytes);
const vectors = [];
for (const [size, macSize] of [
  [0, 0], [1, 2], [15, 0], [16, 2], [17, 1], [32, 2], [100, 256], [1000, 2], [4096, 3], [32, 2],
]) {
  const label = utf8ToBytes(`ecies ${size} ${macSize}`);
  const secret = bytes((number(sha256(label)) % (n - 1n)) + 1n);
  const publicKey = Point.BASE.multiply(number(secret)).toBytes(false);
  const plaintext = Uint8Array.from({ length: size }, (_, i) => (i * 7 + size) % 256);
  const macData = new Uint8Array(macSize);
  const seed = sha256(concatBytes(label, Uint8Array.of(1)));
  const caller = callers[vectors.length === 9 ? 1 : 0];
  const [r, iv] = ephemeral(caller, publicKey, macData, plaintext, seed);
  const ciphertext = encrypt(publicKey, macData, plaintext, r, iv);
  if (hex(decrypt(secret, macData, ciphertext)) !== hex(plaintext)) throw new Error('own');
  let source = 'noble-curves and noble-ciphers 2.4.0, ecies_noble.mjs';
  if (macSize === 2) {
    const options = { iv: Buffer.from(iv), ephemPrivateKey: Buffer.from(r) };
    const other = await parity.encrypt(Buffer.from(publicKey), Buffer.from(plaintext), options);
    if (hex(other) !== hex(ciphertext)) throw new Error('parity');
    source += '; ecies-parity 0.1.1';
  }
  vectors.push({
    caller: hex(caller), secret: hex(secret), publicKey: hex(publicKey), macData: hex(macData),
    plaintext: hex(plaintext), seed: hex(seed), ephemeral: hex(r), ciphertext: hex(ciphertext),
    source,
  });
}

// The smallest scalars, for the recipient and for r.
const one = bytes(1n);
const smallest = [[one, bytes(2n)], [bytes(2n), one], [bytes(n - 1n), bytes(n - 1n)]].map(
  ([secret, r]) => {
    const publicKey = Point.BASE.multiply(number(secret)).toBytes(false);
    const plaintext = utf8ToBytes('edge');
    const ciphertext = encrypt(publicKey, new Uint8Array(0), plaintext, r, new Uint8Array(16));
    return {
      secret: hex(secret), publicKey: hex(publicKey), macData: '', plaintext: hex(plaintext),
      ephemeral: hex(r), ciphertext: hex(ciphertext),
    };
  });

const published = JSON.parse(readFileSync('ecies_eip8.json'));
const packets = ['auth1', 'auth2', 'ack1', 'ack2'].map((name) => {
  const packet = hexToBytes(published[name].join(''));
  const start = name.endsWith('1') ? 0 : 2; // From EIP-8 on, a size stands before the message.
  const secret = hexToBytes(published[name.startsWith('auth') ? 'static_b' : 'static_a']);
  const [macData, ciphertext] = [packet.slice(0, start), packet.slice(start)];
  const plaintext = decrypt(secret, macData, ciphertext);
  return {
    name, secret: hex(secret), macData: hex(macData), ciphertext: hex(ciphertext),
    plaintext: hex(plaintext),
  };
});
console.log(JSON.stringify({ vectors, smallest, packets }, null, 1));
