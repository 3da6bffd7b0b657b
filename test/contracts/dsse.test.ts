import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import {
  canonicalJson,
  keyIdOf,
  preAuthenticationEncoding,
  RELEASE_PAYLOAD_TYPE,
  signedDigest,
  verifySignature,
} from '../../contracts/dsse';

function keyPair(namedCurve = 'prime256v1') {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve });
  return { privateKey, publicKey, pem: publicKey.export({ type: 'spki', format: 'pem' }).toString() };
}

const ours = keyPair();
const payload = canonicalJson({ counter: 3 });
const signatureOf = (bytes: Buffer, signer = ours): Buffer =>
  sign('sha256', preAuthenticationEncoding(RELEASE_PAYLOAD_TYPE, bytes), signer.privateKey);

describe('pre-authentication encoding', () => {
  test("is the protocol's own test vector", () => {
    expect(
      preAuthenticationEncoding('http://example.com/HelloWorld', Buffer.from('hello world')).toString(),
    ).toBe('DSSEv1 29 http://example.com/HelloWorld 11 hello world');
  });

  test('counts bytes, not characters', () => {
    expect(preAuthenticationEncoding('é', Buffer.from('ü')).toString()).toBe('DSSEv1 2 é 2 ü');
  });

  test('two different pairs never give the same bytes', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), fc.string(), (typeA, a, typeB, b) => {
        fc.pre(typeA !== typeB || a !== b);
        const left = preAuthenticationEncoding(typeA, Buffer.from(a));
        const right = preAuthenticationEncoding(typeB, Buffer.from(b));
        expect(left.equals(right)).toBe(false);
      }),
    );
  });
});

describe('canonical JSON', () => {
  test('orders members and leaves undefined ones out', () => {
    expect(canonicalJson({ b: [1, 'x', null], a: { d: undefined, c: true } }).toString()).toBe(
      '{"a":{"c":true},"b":[1,"x",null]}',
    );
  });

  test('says the same value, whatever the order in which it was written', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse());
        expect(canonicalJson(reversed).toString()).toBe(canonicalJson(value).toString());
        expect(JSON.parse(canonicalJson(value).toString())).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test.each([
    ['NaN', { a: { b: Number.NaN } }, '$.a.b: NaN'],
    ['an infinity', [1, Number.POSITIVE_INFINITY], '$.1: Infinity'],
    ['a function', { f: () => 1 }, '$.f: a function'],
    ['undefined itself', undefined, '$: a undefined'],
  ])('refuses %s and says where it is', (_, value, message) => {
    expect(() => canonicalJson(value)).toThrow(message);
  });
});

describe('key id', () => {
  test('is the same from DER and from PEM', () => {
    const der = ours.publicKey.export({ type: 'spki', format: 'der' });
    expect(keyIdOf(der)).toBe(createHash('sha256').update(der).digest('hex'));
    expect(keyIdOf(ours.pem)).toBe(keyIdOf(der));
  });
});

describe('verification', () => {
  test('[B5] takes the signature of the key over these bytes', () => {
    expect(verifySignature(RELEASE_PAYLOAD_TYPE, payload, signatureOf(payload), ours.pem)).toBe(true);
  });

  test('the digest for KMS is that of the signed bytes', () => {
    const bytes = preAuthenticationEncoding(RELEASE_PAYLOAD_TYPE, payload);
    expect(signedDigest(RELEASE_PAYLOAD_TYPE, payload)).toEqual(createHash('sha256').update(bytes).digest());
  });

  const p384 = keyPair('secp384r1');
  test.each<[string, string, Buffer, string]>([
    ['of another key', RELEASE_PAYLOAD_TYPE, signatureOf(payload, keyPair()), ours.pem],
    ['over other bytes', RELEASE_PAYLOAD_TYPE, signatureOf(Buffer.from('{}')), ours.pem],
    ['over another payload type', 'text/plain', signatureOf(payload), ours.pem],
    ['that is no ASN.1', RELEASE_PAYLOAD_TYPE, Buffer.from('AAAA'), ours.pem],
    ['that is empty', RELEASE_PAYLOAD_TYPE, Buffer.alloc(0), ours.pem],
    ['of a key on another curve', RELEASE_PAYLOAD_TYPE, signatureOf(payload, p384), p384.pem],
    ['under an unreadable key', RELEASE_PAYLOAD_TYPE, signatureOf(payload), 'no key'],
  ])('[B5] case 13: refuses a signature %s', (_, payloadType, signature, pem) => {
    expect(verifySignature(payloadType, payload, signature, pem)).toBe(false);
  });

  test('[B5] case 12: refuses the payload after any one bit has flipped', () => {
    const signature = signatureOf(payload);
    fc.assert(
      fc.property(fc.nat({ max: payload.length * 8 - 1 }), (bit) => {
        const flipped = Buffer.from(payload);
        flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        expect(verifySignature(RELEASE_PAYLOAD_TYPE, flipped, signature, ours.pem)).toBe(false);
      }),
    );
  });
});
