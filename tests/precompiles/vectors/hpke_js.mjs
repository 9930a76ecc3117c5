// Suites with HKDF-SHA384 and X-Wing, of which RFC 9180 publishes nothing, made by hpke-js; prints
// JSON in the form of hpke_rfc9180.json. Needs @hpke/core 1.9.0, @hpke/dhkem-x448 1.8.0,
// @hpke/chacha20poly1305 1.8.0, @hpke/hybridkem-x-wing 0.7.0.
import * as hpke from '@hpke/core';
import { DhkemX448HkdfSha512 } from '@hpke/dhkem-x448';
import { Chacha20Poly1305 } from '@hpke/chacha20poly1305';
import { XWing } from '@hpke/hybridkem-x-wing';
import { createHash } from 'crypto';
import { readFileSync } from 'fs';

const hex = (bytes) => Buffer.from(bytes).toString('hex');
const bytes = (text) => Uint8Array.from(Buffer.from(text, 'hex')).buffer;
const drawn = (label, size) => hex(createHash('shake256', { outputLength: size })
  .update(label).digest());
const published = JSON.parse(readFileSync('hpke_rfc9180.json'));

const kems = [
  [0x10, new hpke.DhkemP256HkdfSha256(), 32, 32], [0x12, new hpke.DhkemP521HkdfSha512(), 66, 66],
  [0x20, new hpke.DhkemX25519HkdfSha256(), 32, 32], [0x21, new DhkemX448HkdfSha512(), 56, 56],
  [0x647a, new XWing(), 32, 64],
];
const kdfs = [
  [1, new hpke.HkdfSha256()], [2, new hpke.HkdfSha384()], [3, new hpke.HkdfSha512()],
];
const aeads = [
  [1, new hpke.Aes128Gcm()], [2, new hpke.Aes256Gcm()], [3, new Chacha20Poly1305()],
  [0xffff, new hpke.ExportOnly()],
];

async function vector(mode, kem, kdf, aead) {
  const suite = new hpke.CipherSuite({ kem: kem[1], kdf: kdf[1], aead: aead[1] });
  const label = `${mode} ${kem[0]} ${kdf[0]} ${aead[0]}`;
  const [ikmR, ikmS, ikmE] = [
    drawn(`R ${label}`, kem[2]), drawn(`S ${label}`, kem[2]), drawn(`E ${label}`, kem[3])];
  const recipient = await suite.kem.deriveKeyPair(bytes(ikmR));
  const made = {
    mode, kem_id: kem[0], kdf_id: kdf[0], aead_id: aead[0], ikmE, ikmR,
    skRm: hex(await suite.kem.serializePrivateKey(recipient.privateKey)),
    pkRm: hex(await suite.kem.serializePublicKey(recipient.publicKey)),
  };
  const options = { recipientPublicKey: recipient.publicKey, info: bytes(published.info),
    ekm: bytes(ikmE) };
  if (mode & 1) options.psk = { id: bytes(published.psk_id), key: bytes(published.psk) };
  if (mode & 2) {
    options.senderKey = await suite.kem.deriveKeyPair(bytes(ikmS));
    made.ikmS = ikmS;
    made.skSm = hex(await suite.kem.serializePrivateKey(options.senderKey.privateKey));
    made.pkSm = hex(await suite.kem.serializePublicKey(options.senderKey.publicKey));
  }
  const context = await suite.createSenderContext(options);
  made.enc = hex(context.enc);
  made.key = '';
  made.base_nonce = '';
  if (aead[0] !== 0xffff) {
    // Before the first message: then hpke-js forgets it.
    made.key = hex(context._ctx.key._rawKey ?? context._ctx.key._key);
    made.base_nonce = hex(context._ctx.baseNonce);
    made.ciphertexts = {};
    for (const i of [0, 1]) {
      const aad = new TextEncoder().encode(`Count-${i}`).buffer;
      made.ciphertexts[i] = hex(await context.seal(bytes(published.plaintext), aad));
    }
  }
  made.exporter_secret = hex(context.exporterSecret);
  made.exports = [];
  for (const name of published.exporter_contexts) {
    made.exports.push(hex(await context.export(bytes(name), 32)));
  }
  return made;
}

const vectors = [];
for (const kem of kems) {
  for (const mode of kem[0] === 0x647a ? [0, 1] : [0, 1, 2, 3]) {
    for (const kdf of kem[0] === 0x647a ? kdfs : [kdfs[1]]) {
      vectors.push(await vector(mode, kem, kdf, aeads[vectors.length % 4]));
    }
  }
}
console.log(JSON.stringify({ vectors }, null, 1));
