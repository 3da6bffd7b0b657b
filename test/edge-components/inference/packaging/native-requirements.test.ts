import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import fc from 'fast-check';
import {
  compareVersions,
  EDGE_ARCHITECTURES,
  type EdgeArchitecture,
  SYMBOL_VERSIONS,
} from '../../../../contracts/edge-platform';
import { readElf } from '../../../../edge-components/inference/packaging/elf-file';
import { nativeFiles } from '../../../../edge-components/inference/packaging/native-files';
import {
  checkNativeFiles,
  nativeProblems,
} from '../../../../edge-components/inference/packaging/native-requirements';

const contents = new Map<EdgeArchitecture, Map<string, Buffer>>();

beforeAll(async () => {
  for (const architecture of EDGE_ARCHITECTURES) {
    const files = (await nativeFiles(architecture)) ?? new Map();
    contents.set(architecture, new Map([...files].map(([name, { path }]) => [name, readFileSync(path)])));
  }
});

const filesOf = (architecture: EdgeArchitecture) => contents.get(architecture) as Map<string, Buffer>;
/** The smallest one, under its path in the artifact. */
const binding = (): Buffer =>
  filesOf('linux-arm64').get('native/linux-arm64/onnxruntime_binding.node') as Buffer;

/** As many bytes as before. */
function replaced(bytes: Buffer, text: string, by: string): Buffer {
  const changed = Buffer.from(bytes);
  changed.write(by, bytes.indexOf(`${text}\0`), 'latin1');
  return changed;
}

describe('[S7] the native files that we ship', () => {
  test.each(EDGE_ARCHITECTURES)('of %s load on every device of that architecture', (architecture) => {
    expect(filesOf(architecture).size).toBe(4);
    expect(nativeProblems(architecture, filesOf(architecture))).toEqual([]);
  });

  test('need each of the versions that devices are asked for, so none is asked in vain', () => {
    const needed = EDGE_ARCHITECTURES.flatMap((architecture) =>
      [...filesOf(architecture).values()].flatMap((bytes) => readElf(bytes).neededVersions),
    ).map(({ version }) => version);
    for (const [family, version] of Object.entries(SYMBOL_VERSIONS)) {
      expect(needed).toContain(`${family}_${version}`);
    }
  });
});

describe('refused is', () => {
  test('a file of the other architecture', () => {
    const [first = ''] = nativeProblems('linux-x64', filesOf('linux-arm64'));
    expect(first).toMatch(/^native\/linux-arm64\/.*: must be for linux-x64, is for linux-arm64$/);
    expect(() => checkNativeFiles('linux-x64', filesOf('linux-arm64'))).toThrow(
      /^native files of linux-x64:\n {2}- /,
    );
  });

  test('one that needs a newer C library than devices have', () => {
    const newer = replaced(binding(), 'GLIBC_2.17', 'GLIBC_2.99');
    const files = new Map([
      ...filesOf('linux-arm64'),
      ['native/linux-arm64/onnxruntime_binding.node', newer],
    ]);
    // Several libraries share the name of the version.
    expect(new Set(nativeProblems('linux-arm64', files))).toEqual(
      new Set([
        'native/linux-arm64/onnxruntime_binding.node: needs GLIBC_2.99, and devices have GLIBC_2.28 (contracts/edge-platform.ts)',
      ]),
    );
  });

  test('one whose own library is not shipped', () => {
    const alone = new Map([['onnxruntime_binding.node', binding()]]);
    const problems = nativeProblems('linux-arm64', alone);
    expect(problems).toContain(
      'onnxruntime_binding.node: needs libonnxruntime.so.1, which neither the artifact nor every device has',
    );
    expect(problems.join('\n')).toMatch(/needs VERS_\S+ of libonnxruntime\.so\.1, which no device promises/);
  });

  test.each([
    ['nothing', Buffer.alloc(0), 'is no ELF file'],
    ['text', Buffer.from('#!/bin/sh\n'.repeat(20)), 'is no ELF file'],
    ['a 32-bit file', Buffer.from('7f454c46010101'.padEnd(128, '0'), 'hex'), 'is no 64-bit little-endian'],
    [
      'a big-endian file',
      Buffer.from('7f454c46020201'.padEnd(128, '0'), 'hex'),
      'is no 64-bit little-endian',
    ],
    ['another machine', Buffer.from('7f454c46020101'.padEnd(128, '0'), 'hex'), 'is for another machine'],
  ])('%s', (_what, bytes, message) => {
    expect(nativeProblems('linux-x64', new Map([['a.node', bytes]])).join()).toContain(message);
  });
});

test('a count of versions that is damaged is refused, not followed for ever', () => {
  const damaged = Buffer.from(binding());
  const headers = Number(damaged.readBigUInt64LE(40));
  const VERSIONS_NEEDED = 0x6ffffffe;
  for (let at = headers; at < damaged.length; at += 64) {
    if (damaged.readUInt32LE(at + 4) === VERSIONS_NEEDED) damaged.writeUInt32LE(0xffffffff, at + 44);
  }
  expect(nativeProblems('linux-arm64', new Map([['a.node', damaged]])).join()).toContain(
    'lists more versions than it has room for',
  );
});

test('a damaged file gives an answer or an error, never a hang', () => {
  const bytes = binding();
  const headers = Number(bytes.readBigUInt64LE(40));
  fc.assert(
    fc.property(
      fc.nat(bytes.length),
      fc.array(fc.tuple(fc.nat(bytes.length - headers - 1), fc.nat(255)), { maxLength: 20 }),
      (length, changes) => {
        const damaged = Buffer.from(bytes);
        for (const [at, value] of changes) damaged[headers + at] = value;
        for (const candidate of [damaged, damaged.subarray(0, length)]) {
          const problems = nativeProblems('linux-arm64', new Map([[basename('a.node'), candidate]]));
          expect(Array.isArray(problems)).toBe(true);
        }
      },
    ),
    { numRuns: 30 },
  );
});

test.each([
  ['2.28', '2.28', 0],
  ['2.9', '2.28', -1],
  ['2.28', '2.28.1', -1],
  ['3.4.30', '3.4.4', 1],
  ['3', '2.99.99', 1],
])('version %s against %s is %p', (left, right, sign) => {
  expect(Math.sign(compareVersions(left, right))).toBe(sign);
});
