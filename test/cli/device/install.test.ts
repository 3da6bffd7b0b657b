/** install.sh and check-device.cjs as a machine runs them; what belongs to the machine is recorded instead of done. */
import { spawnSync } from 'node:child_process';
import { createHash, generateKeyPairSync } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { provisionDevice } from '../../../cli/device/provision-device';
import { buildCheckDevice } from '../../../scripts/build-check-device';
import { asClients, environment, FakeIot, fakeKms } from '../fakes';

/** Provisioned once, with a copy for each test. */
let original: string;
let built: string;
let folder: string;
let device: string;
let machine: string;
let programs: string;
let calls: string;
let iot: FakeIot;

/** A program of the machine; it writes down how it was called. */
function program(name: string, body = ''): void {
  const path = join(programs, name);
  writeFileSync(path, `#!/bin/sh\necho "${name} $*" >> "${calls}"\n${body}\n`);
  chmodSync(path, 0o755);
}

const provision = (path: string) =>
  provisionDevice(asClients({ iot, kms: fakeKms() }), environment, {
    thingName: 'line-1',
    wave: 'canary',
    folder: path,
    checkProgram: join(built, 'check-device.cjs'),
  });

beforeAll(async () => {
  original = mkdtempSync(join(tmpdir(), 'kaizen-provisioned-'));
  built = mkdtempSync(join(tmpdir(), 'kaizen-built-'));
  iot = new FakeIot();
  await buildCheckDevice(built);
  await provision(original);
});

afterAll(() => {
  for (const path of [original, built]) rmSync(path, { recursive: true, force: true });
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kaizen-install-'));
  [device, machine, programs, calls] = ['line-1', 'machine', 'programs', 'calls.txt'].map((name) =>
    join(folder, name),
  ) as [string, string, string, string];
  for (const path of [machine, programs]) mkdirSync(path);
  for (const name of ['chown', 'useradd', 'groupadd', 'apt-get', 'java', 'unzip']) program(name);
  // Root, and neither user nor group of a nucleus is there.
  program('id', '[ "$1" = -u ] && echo 0 || exit 1');
  program('getent', 'exit 2');
  program('systemctl', `[ "$1" != cat ] || [ -e "${machine}/lite-is-installed" ]`);
  // Whether this machine would do is another test's affair.
  program('node', '');
  cpSync(original, device, { recursive: true });
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function install(...parameters: string[]) {
  writeFileSync(calls, '');
  const { status, stdout, stderr } = spawnSync('sh', [join(device, 'install.sh'), ...parameters], {
    encoding: 'utf8',
    env: { PATH: `${programs}:/usr/bin:/bin`, KAIZEN_INSTALL_BASE: machine },
  });
  return { status, output: stdout, errors: stderr, calls: readFileSync(calls, 'utf8').trim().split('\n') };
}

/** What changes the machine, without the questions. */
const changes = (lines: string[]): string[] =>
  lines.filter((line) => !/^(id|getent|node|systemctl cat) /.test(line));

function aPackage(name: string): string {
  const path = join(folder, name);
  writeFileSync(path, name);
  return path;
}

/** What the installer of the nucleus leaves. */
function nucleusIsThere(nucleus: string): void {
  if (nucleus === 'lite') writeFileSync(join(machine, 'lite-is-installed'), '');
  else mkdirSync(join(machine, 'greengrass/v2/alts/current/distro/bin/loader'), { recursive: true });
}

const modeOf = (path: string): string => (statSync(join(machine, path)).mode & 0o777).toString(8);
const fileCount = (): number => readdirSync(machine, { recursive: true }).length;

const MACHINES = [
  { nucleus: 'classic', root: 'greengrass/v2', package: 'greengrass-nucleus-2.18.0.zip' },
  { nucleus: 'lite', root: 'var/lib/greengrass', package: 'aws-greengrass-lite-2.6.0.deb' },
];

describe.each(MACHINES)('[S7] a bare machine with nucleus $nucleus', ({ nucleus, root, package: name }) => {
  test('is told what would be done, and nothing is', () => {
    const { status, output, ...result } = install(nucleus, '--package', aPackage(name), '--dry-run');
    expect({ status, errors: result.errors }).toEqual({ status: 0, errors: '' });
    expect(output).toContain(`would write: /${root}/credentials/private-key.pem (mode 600, `);
    expect(output).toContain(`would write: /${root}/kaizen-edge/trusted-keys.json (mode 644, root:root)`);
    expect(changes(result.calls)).toEqual([]);
    expect(fileCount()).toBe(0);
  });

  test('has its files where the configuration says, with the modes that they must have', () => {
    expect(install(nucleus, '--package', aPackage(name))).toMatchObject({ status: 0, errors: '' });
    const { system } = parse(readFileSync(join(device, `nucleus-${nucleus}.yaml`), 'utf8'));
    for (const [setting, file] of [
      ['privateKeyPath', 'private-key.pem'],
      ['certificateFilePath', 'certificate.pem'],
      ['rootCaPath', 'root-ca.pem'],
    ] as const) {
      expect(readFileSync(join(machine, system[setting]))).toEqual(readFileSync(join(device, file)));
    }
    expect(readFileSync(join(machine, system.rootPath, 'kaizen-edge', 'trusted-keys.json'))).toEqual(
      readFileSync(join(device, 'trusted-keys.json')),
    );
    expect(modeOf(`${root}/credentials`)).toBe('700');
    expect(modeOf(`${root}/credentials/private-key.pem`)).toBe('600');
    expect(modeOf(`${root}/kaizen-edge/trusted-keys.json`)).toBe('644');
  });

  test('is left alone by a second run, and restarted when the certificate was replaced', async () => {
    install(nucleus, '--package', aPackage(name));
    nucleusIsThere(nucleus);
    const again = install(nucleus);
    expect(again).toMatchObject({ status: 0, errors: '' });
    expect(again.output).not.toMatch(/written|would/);
    expect(again.calls.join('\n')).not.toMatch(/systemctl restart|java|apt-get|unzip/);

    for (const certificate of iot.certificates.values()) certificate.status = 'INACTIVE';
    const { certificateId } = await provision(device);
    const renewed = install(nucleus);
    expect(renewed.output).toContain(`written: /${root}/credentials/private-key.pem`);
    expect(renewed.output).toContain(`unchanged: /${root}/credentials/root-ca.pem`);
    expect(renewed.calls.filter((line) => line.startsWith('systemctl restart'))).toHaveLength(1);
    expect(readFileSync(join(machine, root, 'credentials/private-key.pem'), 'utf8')).toContain(certificateId);
  });

  test.each([
    [['--package', 'absent.zip'], "there is no file 'absent.zip'"],
    [[], /the nucleus is not installed: get it from https:\/\/\S+ and give --package FILE\.(zip|deb)/],
  ])('is not touched without a package: %j', (parameters, message) => {
    const result = install(nucleus, ...parameters);
    expect(result.status).toBe(1);
    expect(result.errors).toMatch(message);
    expect(changes(result.calls)).toEqual([]);
    expect(fileCount()).toBe(0);
  });

  test('is not touched when something is missing', () => {
    program('node', 'echo "MISSING disk"; exit 1');
    const result = install(nucleus, '--package', aPackage(name));
    expect(result.status).toBe(1);
    expect(result.output).toContain('MISSING disk');
    expect(result.errors).toContain('this machine lacks something, see above; nothing was changed');
    expect(changes(result.calls)).toEqual([]);
    expect(fileCount()).toBe(0);
  });
});

test('the classic nucleus is installed from its archive, with our configuration and as a service', () => {
  const { calls: made } = install('classic', '--package', aPackage('nucleus.zip'));
  expect(changes(made).filter((line) => !line.startsWith('chown'))).toEqual([
    'groupadd --system ggc_group',
    'useradd --system --gid ggc_group --shell /usr/sbin/nologin ggc_user',
    expect.stringMatching(/^unzip -q \S+nucleus\.zip -d \S+$/),
    expect.stringMatching(
      /^java -Droot=\S+\/greengrass\/v2 -Dlog\.store=FILE -jar \S+\/lib\/Greengrass\.jar --init-config \S+\/nucleus-classic\.yaml --component-default-user ggc_user:ggc_group --setup-system-service true$/,
    ),
  ]);
});

test('nucleus lite runs components as a user who cannot read the private key, whatever its package says', () => {
  const ofPackage = join(machine, 'etc/greengrass/config.d/greengrass-lite.yaml');
  mkdirSync(join(ofPackage, '..'), { recursive: true });
  writeFileSync(ofPackage, '      runWithDefault:\n        posixUser: "ggcore:ggcore"\n');
  const { calls: made } = install('lite', '--package', aPackage('lite.deb'));
  expect(readFileSync(ofPackage, 'utf8')).toContain('posixUser: "gg_component:gg_component"');
  expect(made.filter((line) => /^(apt-get|systemctl (re)?start)/.test(line))).toEqual([
    expect.stringMatching(/^apt-get install -y \/\S+\/lite\.deb$/),
    'systemctl restart greengrass-lite.target',
    'systemctl start greengrass-lite.target',
  ]);
  expect(made).toContainEqual(expect.stringMatching(/^chown ggcore:ggcore \S+\/private-key\.pem\.new$/));
  expect(install('lite', '--package', aPackage('lite.deb')).calls).not.toContain(
    'systemctl restart greengrass-lite.target',
  );
});

test.each([[[]], [['classic', '--fast']], [['classic', '--package']], [['heavy']]])(
  'arguments %j are refused',
  (parameters) => {
    const result = install(...parameters);
    expect(result).toMatchObject({ status: 2, output: '' });
    expect(result.errors).toMatch(/^usage: sudo sh install\.sh classic\|lite/);
  },
);

test.each([
  ['a person who is not root', () => program('id', '[ "$1" = -u ] && echo 1000'), 'must run as root'],
  ['an archive for the other nucleus', () => {}, "--package: must be a .zip file for nucleus classic, got '"],
])('%s is told so', (_what, prepare, message) => {
  prepare();
  const result = install('classic', '--package', aPackage('nucleus.deb'));
  expect(result.status).toBe(1);
  expect(result.errors).toContain(message);
  expect(fileCount()).toBe(0);
});

describe('check-device.cjs', () => {
  const check = (...parameters: string[]) =>
    spawnSync(process.execPath, [join(device, 'check-device.cjs'), ...parameters], {
      encoding: 'utf8',
      // Away from the repository, as on a device.
      cwd: folder,
    });

  test('says what it finds, with nothing but Node', () => {
    const { stdout, stderr, status } = check('--nucleus', 'classic', '--offline');
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^ok {6}architecture +linux-/m);
    // The fake's certificate is none.
    expect(stdout).toMatch(/^MISSING certificate +certificate or private key cannot be read$/m);
    expect(stdout).toMatch(/^ok {6}files +all there$/m);
    expect(status).toBe(1);
  });

  test('shows no key', () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
    writeFileSync(join(device, 'private-key.pem'), pem);
    writeFileSync(join(device, 'certificate.pem'), publicKey.export({ format: 'pem', type: 'spki' }));
    const { stdout, stderr } = check('--nucleus', 'lite', '--offline');
    for (const line of pem.split('\n').filter((text) => text.length > 20)) {
      expect(stdout + stderr).not.toContain(line);
    }
  });

  test.each([[[]], [['--nucleus', 'heavy']], [['--nucleus', 'lite', '--fast']]])(
    'refuses arguments %j',
    (parameters) => expect(check(...parameters).status).toBe(2),
  );

  test('is the same for the same code, and names no folder of the machine that built it', async () => {
    const bytes = readFileSync(join(device, 'check-device.cjs'));
    const digest = (content: Buffer) => createHash('sha256').update(content).digest('hex');
    expect(bytes.toString()).not.toContain(process.cwd());
    const again = await buildCheckDevice(join(folder, 'again'));
    expect(digest(readFileSync(again))).toBe(digest(bytes));
  });
});

test('the folder of a device holds what it needs and nothing else', () => {
  expect(readdirSync(device).sort()).toEqual([
    'certificate.pem',
    'check-device.cjs',
    'install.sh',
    'nucleus-classic.yaml',
    'nucleus-lite.yaml',
    'private-key.pem',
    'root-ca.pem',
    'thing.json',
    'trusted-keys.json',
  ]);
  expect(statSync(join(device, 'private-key.pem')).mode & 0o777).toBe(0o600);
});
