import fc from 'fast-check';
import { redactorOf, redactUrl } from '../../../../edge-components/inference/src/shared/redact-url';

test.each([
  ['rtsp://admin:s3cret@10.0.0.7:554/stream1?pwd=x', 'rtsp://10.0.0.7:554/***'],
  ['https://cam.local', 'https://cam.local'],
  ['https://cam.local/', 'https://cam.local'],
  ['http://[fe80::1]:8080/a', 'http://[fe80::1]:8080/***'],
  ['rtsp://10.0.0.7/user=admin_password=s3cret', 'rtsp://10.0.0.7/***'],
  ['rtsp://admin:12/34@10.0.0.7:554/s', 'rtsp://***'],
  ['rtsp://admin:s3c?ret@10.0.0.7:554/s', 'rtsp://***'],
  ['http://user@cam/x', 'http://cam/***'],
])('%s is shown as %s', (url, shown) => {
  expect(redactUrl(url)).toBe(shown);
});

test('user, password and query go also where they stand without the address, encoded or not', () => {
  const redact = redactorOf('rtsp://admin:p%40ss%2Fword@cam:554/live?token=t0ken');
  const text =
    "401 for admin with 'p%40ss%2Fword' or p@ss/word, token=t0ken, t0ken at rtsp://other:x@host/y: refused";
  const shown = redact(text);
  for (const secret of ['admin', 'p%40ss', 'p@ss', 'word', 't0ken', 'other', '/y'])
    expect(shown).not.toContain(secret);
  expect(shown).toContain('401 for *** with');
});

test.each([
  [
    'rtsp://cam/live/admin/s3cret',
    '[in] method DESCRIBE failed for /live/admin/s3cret: 404',
    /live|admin|s3cret/,
  ],
  ['http://cam/s%23cret/jpg', 'GET /s%23cret/jpg or s#cret', /cret/],
])(
  'case 49: a password in the path of %s is hidden where the path stands alone, or a part of it',
  (url, text, secrets) => {
    expect(redactorOf(url)(text)).not.toMatch(secrets);
  },
);

const secret = fc.stringMatching(/^[A-Za-z0-9_.!~-]{1,12}$/);

test('whatever the secrets are, none is left in any message about the address', () => {
  fc.assert(
    fc.property(
      secret,
      secret,
      secret,
      fc.constantFrom('rtsp', 'http', 'rtsps'),
      (user, password, token, scheme) => {
        const url = `${scheme}://${user}:${password}@198.51.100.7:554/a?k=${token}`;
        const shown = redactorOf(url)(
          `[in#0] Error opening input ${url}: refused\n${password} ${user} ${token}`,
        );
        // What is left of the address and of the words around it, with no secret in it.
        const known = `[in#0] Error opening input ${scheme}://198.51.100.7:554/***: refused *** *** ***`;
        fc.pre(![user, password, token].some((value) => known.includes(value)));
        for (const value of [user, password, token]) expect(shown).not.toContain(value);
      },
    ),
  );
});

test('a text that is no address is hidden as a whole', () => {
  expect(redactorOf('not an address')('cannot read not an address')).toBe('cannot read ***');
});
