/**
 * What a shared library says about itself: the machine it is for, and what it asks of other libraries. Reads 64-bit
 * little-endian files, which is what both architectures have.
 * Format: https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html (header and sections),
 * https://refspecs.linuxfoundation.org/elf/gabi4+/ch5.dynamic.html (needed libraries),
 * https://refspecs.linuxfoundation.org/LSB_5.0.0/LSB-Core-generic/LSB-Core-generic/symversion.html (needed versions).
 */

const MACHINES: Readonly<Record<number, string>> = { 62: 'linux-x64', 183: 'linux-arm64' };
const MAGIC = 0x7f454c46;
const CLASS_64 = 2;
const LITTLE_ENDIAN = 1;
const HEADER_BYTES = 64;
const SECTION_BYTES = 64;
const SHT_DYNAMIC = 6;
const SHT_GNU_VERNEED = 0x6ffffffe;
const DYNAMIC_ENTRY_BYTES = 16;
const VERSION_ENTRY_BYTES = 16;
const DT_NULL = 0n;
const DT_NEEDED = 1n;

export interface NeededVersion {
  /** File name of the library that has it, such as `libc.so.6`. */
  readonly library: string;
  /** Such as `GLIBC_2.28`. */
  readonly version: string;
}

export interface ElfFile {
  /** Undefined for a machine that we do not build for. */
  readonly architecture: string | undefined;
  /** File names, such as `libc.so.6`, in the order of the file. */
  readonly neededLibraries: readonly string[];
  readonly neededVersions: readonly NeededVersion[];
}

interface Section {
  readonly type: number;
  readonly offset: number;
  readonly size: number;
  /** Index of the section with its strings. */
  readonly link: number;
  /** Number of entries. */
  readonly info: number;
}

/** @throws Error when the file is none of this format, or ends too early */
export function readElf(bytes: Uint8Array): ElfFile {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (file.length < HEADER_BYTES || file.readUInt32BE(0) !== MAGIC) throw new Error('is no ELF file');
  if (file[4] !== CLASS_64 || file[5] !== LITTLE_ENDIAN)
    throw new Error('is no 64-bit little-endian ELF file');
  const sections = sectionsOf(file);
  const read = <Entry>(type: number, entries: (file: Buffer, of: Section, strings: Section) => Entry[]) => {
    const section = sections.find((candidate) => candidate.type === type);
    const strings = section && sections[section.link];
    return section && strings ? entries(file, section, strings) : [];
  };
  return {
    architecture: MACHINES[file.readUInt16LE(18)],
    neededLibraries: read(SHT_DYNAMIC, neededLibraries),
    neededVersions: read(SHT_GNU_VERNEED, neededVersions),
  };
}

function sectionsOf(file: Buffer): Section[] {
  const start = Number(file.readBigUInt64LE(40));
  const count = file.readUInt16LE(60);
  if (start + count * SECTION_BYTES > file.length) throw new Error('ends before its section headers do');
  return Array.from({ length: count }, (_, index) => {
    const at = start + index * SECTION_BYTES;
    return {
      type: file.readUInt32LE(at + 4),
      offset: Number(file.readBigUInt64LE(at + 24)),
      size: Number(file.readBigUInt64LE(at + 32)),
      link: file.readUInt32LE(at + 40),
      info: file.readUInt32LE(at + 44),
    };
  });
}

function neededLibraries(file: Buffer, { offset, size }: Section, strings: Section): string[] {
  const names: string[] = [];
  for (let at = offset; at < offset + size; at += DYNAMIC_ENTRY_BYTES) {
    const tag = file.readBigUInt64LE(at);
    if (tag === DT_NULL) break;
    if (tag === DT_NEEDED) names.push(textAt(file, strings.offset + Number(file.readBigUInt64LE(at + 8))));
  }
  return names;
}

/**
 * A list of libraries, each with a list of versions; the entries of both are chained by offsets, which lead forward. A file
 * has no more of them than it has room for: a damaged count or offset would be followed for ever.
 */
function neededVersions(file: Buffer, { offset, info }: Section, strings: Section): NeededVersion[] {
  const needed: NeededVersion[] = [];
  let room = file.length;
  const next = (entry: number, remaining: number): number => {
    const distance = file.readUInt32LE(entry + 12);
    room -= VERSION_ENTRY_BYTES;
    if (room < 0 || (remaining > 1 && distance < VERSION_ENTRY_BYTES)) {
      throw new Error('lists more versions than it has room for');
    }
    return entry + distance;
  };
  let entry = offset;
  for (let libraries = info; libraries > 0; libraries--) {
    const library = textAt(file, strings.offset + file.readUInt32LE(entry + 4));
    let version = entry + file.readUInt32LE(entry + 8);
    for (let versions = file.readUInt16LE(entry + 2); versions > 0; versions--) {
      needed.push({ library, version: textAt(file, strings.offset + file.readUInt32LE(version + 8)) });
      version = next(version, versions);
    }
    entry = next(entry, libraries);
  }
  return needed;
}

function textAt(file: Buffer, start: number): string {
  const end = file.indexOf(0, start);
  if (end < 0) throw new Error('ends in the middle of a name');
  return file.toString('latin1', start, end);
}
