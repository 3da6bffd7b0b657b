import fc from 'fast-check';
import type { DeviceFacts } from '../../../cli/device/check/device-facts';
import { formatFindings, judgeDevice } from '../../../cli/device/check/judge-device';
import { javaVersion, newestGlibcxx, systemdVersion } from '../../../cli/device/check/read-facts';
import { DEVICE_FILES } from '../../../cli/device/device-folder';
import type { Nucleus } from '../../../cli/device/nucleus-configuration';

const MEBIBYTE = 1024 ** 2;
const files = (modes: Record<string, number | undefined> = {}) =>
  Object.fromEntries(
    Object.values(DEVICE_FILES).map((name) => [
      name,
      { mode: name in modes ? modes[name] : name === 'private-key.pem' ? 0o600 : 0o644 },
    ]),
  );

/** A Raspberry Pi 5 with Raspberry Pi OS 13. */
const SOUND: DeviceFacts = {
  now: new Date('2026-03-02T00:00:00Z'),
  architecture: 'linux-arm64',
  node: { version: '24.1.0', path: '/usr/bin/node' },
  glibc: '2.41',
  glibcxx: '3.4.33',
  systemd: 257,
  java: 17,
  memoryBytes: 4000 * MEBIBYTE,
  freeDiskBytes: 20_000 * MEBIBYTE,
  files: files(),
  certificate: {
    validFrom: new Date('2026-03-01T00:00:00Z'),
    validTo: new Date('2049-12-31T23:59:59Z'),
    fitsKey: true,
  },
  endpoints: [
    { purpose: 'MQTT', address: 'a:8883', problem: undefined },
    { purpose: 'credentials', address: 'c:443', problem: undefined, aheadMilliseconds: 900 },
  ],
};

const certificate = (change: object) => ({ certificate: { ...(SOUND.certificate as object), ...change } });
const skewed = (aheadMilliseconds: number) => ({
  endpoints: [{ purpose: 'credentials', address: 'c:443', problem: undefined, aheadMilliseconds }],
});
/** What is not in order, as `<severity> <subject>: <message>`. */
const complaints = (change: object, nucleus: Nucleus = 'lite') =>
  judgeDevice({ ...SOUND, ...change } as DeviceFacts, nucleus)
    .filter(({ severity }) => severity !== 'ok')
    .map(({ severity, subject, message }) => `${severity} ${subject}: ${message}`);

test('[S7] a machine that has everything is told so', () => {
  expect(complaints({})).toEqual([]);
  expect(complaints({}, 'classic')).toEqual([]);
  const report = formatFindings(judgeDevice(SOUND, 'lite')).split('\n');
  expect(report).toContain('ok      architecture  linux-arm64');
  expect(report.at(-1)).toBe('0 missing, 0 to know, 15 in order');
});

test.each<[what: string, change: object, complaint: RegExp]>([
  [
    '32-bit system',
    { architecture: 'linux-arm' },
    /^error architecture: must be .* got linux-arm: use a 64-bit/,
  ],
  ['Windows', { architecture: 'win32-x64' }, /^error architecture: /],
  ['old Node', { node: { ...SOUND.node, version: '18.20.8' } }, /^error node: must be 20\.19\.0 or newer/],
  ['Node 20.9 against 20.19', { node: { ...SOUND.node, version: '20.9.0' } }, /^error node: must be/],
  ['Node 20', { node: { ...SOUND.node, version: '20.20.2' } }, /^warning node: 20\.20\.2 runs, but/],
  ['odd Node', { node: { ...SOUND.node, version: '23.1.0' } }, /^warning node: /],
  [
    'nvm',
    { node: { ...SOUND.node, path: '/root/.nvm/versions/node/v24.1.0/bin/node' } },
    /^error node path: .*sudo ln -s \/root\/\.nvm\/versions\/node\/v24\.1\.0\/bin\/node \/usr\/local\/bin\/node$/,
  ],
  ['Alpine', { glibc: undefined }, /^error C library: must be glibc/],
  ['old C library', { glibc: '2.27' }, /^error C library: must be glibc 2\.28 or newer, got 2\.27/],
  ['old C++ library', { glibcxx: '3.4.21' }, /^error C\+\+ library: /],
  ['hidden C++ library', { glibcxx: undefined }, /^warning C\+\+ library: /],
  ['no systemd', { systemd: undefined }, /^error systemd: is missing/],
  ['Debian 12', { systemd: 252 }, /^error systemd: must be 253 or newer for nucleus lite, got 252/],
  ['little memory', { memoryBytes: 500 * MEBIBYTE }, /^error memory: must be 512 MiB or more, got 500 MiB/],
  ['modest memory', { memoryBytes: 899 * MEBIBYTE }, /^warning memory: 899 MiB: lower trial\.memoryBytes/],
  ['full disk', { freeDiskBytes: 511 * MEBIBYTE }, /^error disk: must have 512 MiB free, has 511 MiB/],
  ['modest disk', { freeDiskBytes: 1535 * MEBIBYTE }, /^warning disk: 1535 MiB free/],
  [
    'a file left behind',
    { files: files({ 'trusted-keys.json': undefined, 'root-ca.pem': undefined }) },
    /^error files: missing: trusted-keys\.json, root-ca\.pem: run kaizen device provision again$/,
  ],
  [
    'key for all to read',
    { files: files({ 'private-key.pem': 0o640 }) },
    /^error private key: .* mode 640: chmod/,
  ],
  ['no certificate', { certificate: undefined }, /^error certificate: .* cannot be read$/],
  ['another key', certificate({ fitsKey: false }), /^error certificate: belongs to another private key/],
  ['clock of 1970', { now: new Date(0) }, /^error certificate: is valid from 2026-03-01.*clock says 1970/],
  ['run out', certificate({ validTo: new Date('2026-03-01T23:00:00Z') }), /^error certificate: ran out/],
  [
    'to be renewed',
    certificate({ validTo: new Date('2026-03-20T00:00:00Z') }),
    /^warning certificate: runs out in 18/,
  ],
  ['clock 6 minutes slow', skewed(360_000), /^error clock: 360 s off/],
  ['clock 6 minutes fast', skewed(-360_000), /^error clock: 360 s off/],
  ['clock a minute off', skewed(60_000), /^warning clock: 60 s off$/],
  ['offline', { endpoints: [] }, /^warning clock: not compared/],
])('%s is one complaint', (_what, change, complaint) => {
  expect(complaints(change)).toEqual([expect.stringMatching(complaint)]);
});

test.each([
  [undefined, ['error java: must be 8 or newer, got none: sudo apt-get install default-jre-headless']],
  [7, ['error java: must be 8 or newer, got 7: sudo apt-get install default-jre-headless']],
  [8, []],
])('the classic nucleus with Java %p', (java, expected) => {
  expect(complaints({ java }, 'classic')).toEqual(expected);
});

test('Debian 12 does for the classic nucleus', () => {
  expect(complaints({ systemd: 252 }, 'classic')).toEqual([]);
});

test('an endpoint says what it answered', () => {
  const endpoints = [{ purpose: 'MQTT', address: 'a:8883', problem: 'connect ECONNREFUSED' }];
  expect(complaints({ endpoints })).toContain('error MQTT: a:8883: connect ECONNREFUSED');
});

test('everything that is wrong is said at once, whatever it is', () => {
  const version = fc.tuple(fc.nat(40), fc.nat(40), fc.nat(40)).map((parts) => parts.join('.'));
  const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
  const facts = fc.record({
    architecture: fc.string(),
    node: fc.record({ version, path: fc.string() }),
    glibc: optional(version),
    glibcxx: optional(version),
    systemd: optional(fc.nat(300)),
    java: optional(fc.nat(30)),
    memoryBytes: fc.nat(),
    freeDiskBytes: fc.nat(),
    files: fc.constantFrom({}, files()),
    certificate: fc.constantFrom(undefined, SOUND.certificate),
  });
  fc.assert(
    fc.property(facts, fc.constantFrom<Nucleus>('classic', 'lite'), (change, nucleus) => {
      const findings = judgeDevice({ ...SOUND, ...change } as DeviceFacts, nucleus);
      expect(new Set(findings.map(({ subject }) => subject)).size).toBe(15);
      // One thing that is wrong hides no other.
      for (const [key, value] of Object.entries(change)) {
        for (const complaint of complaints({ [key]: value }, nucleus)) {
          expect(complaints({ ...change }, nucleus)).toContain(complaint);
        }
      }
    }),
    { numRuns: 50 },
  );
});

test.each([
  ['systemd 257 (257.8-1~deb13u2)', 257],
  ['systemd 252', 252],
  ['System has not been booted with systemd', undefined],
  [undefined, undefined],
])('of systemd, %p is version %p', (line, version) => {
  expect(systemdVersion(line)).toBe(version);
});

test.each([
  ['openjdk version "17.0.12" 2024-07-16', 17],
  ['java version "1.8.0_412"', 8],
  ['openjdk version "21" 2023-09-19', 21],
  ['no such thing', undefined],
  [undefined, undefined],
])('of Java, %p is version %p', (line, version) => {
  expect(javaVersion(line)).toBe(version);
});

test.each([
  ['GLIBCXX_3.4.9\0GLIBCXX_3.4.30\0GLIBCXX_3.4.4\0GLIBCXX_DEBUG_MESSAGE_LENGTH', '3.4.30'],
  ['nothing', undefined],
])('the newest version of a C++ library with %p is %p', (text, version) => {
  expect(newestGlibcxx(Buffer.from(text))).toBe(version);
});
