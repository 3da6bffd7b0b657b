import { createHash } from 'node:crypto';
import {
  type AuthorizedRequest,
  authorizationOf,
  type Challenge,
  chooseChallenge,
} from '../../../../../edge-components/inference/src/cameras/sources/http-authorization';

/** RFC 7616, 3.9.1. */
const CHALLENGE_FIELDS =
  'realm="http-auth@example.org", qop="auth, auth-int", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"';
const mufasa = { username: 'Mufasa', password: 'Circle of Life' };
const request: AuthorizedRequest = {
  method: 'GET',
  uri: '/dir/index.html',
  count: 1,
  clientNonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
};
const chosen = (...headers: string[]): Challenge => chooseChallenge(headers) as Challenge;

test.each([
  ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
  ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
])('answers the example of RFC 7616 with %s', (algorithm, response) => {
  const answer = authorizationOf(
    chosen(`Digest ${CHALLENGE_FIELDS}, algorithm=${algorithm}`),
    mufasa,
    request,
  );
  expect(answer).toBe(
    'Digest username="Mufasa", realm="http-auth@example.org", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", ' +
      `uri="/dir/index.html", response="${response}", algorithm=${algorithm}, ` +
      'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS", qop=auth, nc=00000001, ' +
      'cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"',
  );
});

test('answers the example of RFC 2617 (MD5 by default), and a camera that knows no qop as in RFC 2069', () => {
  const fields = 'realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"';
  const user = { username: 'Mufasa', password: 'Circle Of Life' };
  const answer = authorizationOf(chosen(`Digest ${fields}, qop="auth,auth-int"`), user, {
    ...request,
    clientNonce: '0a4f113b',
  });
  expect(answer).toContain('response="6629fae49393a05397450978507c4ef1"');
  const old = authorizationOf(chosen(`Digest ${fields}`), user, request);
  expect(old).toContain('response="670fd8c2df070c60b045671b8b24ff02"');
  expect(old).not.toMatch(/qop|nc=|cnonce/);
});

test('MD5-sess: the first hash takes in both nonces', () => {
  const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
  const session = md5(`${md5('Mufasa:r:Circle of Life')}:n:c`);
  const response = md5(`${session}:n:0000000b:c:auth:${md5('GET:/')}`);
  const answer = authorizationOf(
    chosen('Digest realm="r", nonce="n", qop=auth, algorithm=MD5-sess'),
    mufasa,
    {
      method: 'GET',
      uri: '/',
      count: 11,
      clientNonce: 'c',
    },
  );
  expect(answer).toContain(`response="${response}"`);
  expect(answer).toContain('nc=0000000b');
});

test('Basic, and a password with a colon', () => {
  const answer = authorizationOf(chosen('Basic realm="cam"'), { username: 'a', password: 'b:c' }, request);
  expect(answer).toBe(`Basic ${Buffer.from('a:b:c').toString('base64')}`);
});

test.each<[string, string[], Partial<Challenge> | undefined]>([
  ['Digest before Basic', ['Basic realm="a"', 'Digest realm="a", nonce="n"'], { scheme: 'digest' }],
  [
    'two in one header',
    ['Basic realm="a, b", Digest realm="c", nonce="n"'],
    { scheme: 'digest', realm: 'c' },
  ],
  [
    'the strongest hash',
    ['Digest realm="a", nonce="1", algorithm=MD5', 'Digest realm="a", nonce="2", algorithm=SHA-256'],
    { nonce: '2' },
  ],
  [
    'an unknown hash is passed over',
    ['Digest realm="a", nonce="1", algorithm=X', 'Basic'],
    { scheme: 'basic' },
  ],
  [
    'a comma and a quotation mark in a value',
    ['digest Realm="a, \\"b\\"" , nonce=n'],
    { realm: 'a, "b"', nonce: 'n' },
  ],
  ['auth-int alone cannot be answered', ['Digest realm="a", nonce="1", qop="auth-int"'], undefined],
  ['a Digest without a nonce', ['Digest realm="a"'], undefined],
  ['another scheme', ['Negotiate YWJj=='], undefined],
  ['nothing', [], undefined],
  ['nonsense', ['="", ,,= "'], undefined],
])('chooses: %s', (_, headers, expected) => {
  const challenge = chooseChallenge(headers);
  if (expected) expect(challenge).toMatchObject(expected);
  else expect(challenge).toBeUndefined();
});

test('a quotation mark in the user name cannot end the field; other alphabets are UTF-8', () => {
  const answer = authorizationOf(
    chosen('Digest realm="r", nonce="n"'),
    { username: 'a"é', password: '' },
    request,
  );
  expect(Buffer.from(answer, 'latin1').toString('utf8')).toContain('username="a\\"é"');
});
