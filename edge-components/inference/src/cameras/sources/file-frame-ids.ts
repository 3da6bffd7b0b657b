import { createHash } from 'node:crypto';
import { extname } from 'node:path';
import { isIdentifier } from './frame-message';

/** As many as the camera's feed remembers: beyond them an id that comes again is answered. */
const IDS_REMEMBERED = 1024;
const LONGEST_STEM = 100;
/** 48 bits: two of a thousand names share them once in 500 million folders. */
const DIGEST_CHARACTERS = 12;

/** What makes a file another one: its name, and what is in it. */
export interface FileIdentity {
  readonly name: Buffer;
  /** Of the content, or whatever stands for it. */
  readonly content: string;
}

/**
 * Frame ids from file names. A name that is an identifier is the id, without its suffix; others keep what an identifier may
 * hold and get a digest, because names in other alphabets would become one. So does what would have the id of another file:
 * `a.png` behind `a.jpg`, and another image under the same name. The same image under the same name has the same id.
 */
export class FileFrameIds {
  /** Which file an id was given to, the oldest first. */
  private readonly owners = new Map<string, string>();

  idOf({ name, content }: FileIdentity): string {
    const owner = digestOf(Buffer.concat([name, Buffer.from(`\0${content}`)]));
    const plain = plainId(name);
    const other = this.owners.get(plain);
    const id = other === undefined || other === owner ? plain : withDigest(plain, owner);
    this.remember(id, owner);
    return id;
  }

  private remember(id: string, owner: string): void {
    this.owners.delete(id);
    this.owners.set(id, owner);
    const [oldest] = this.owners.keys();
    if (this.owners.size > IDS_REMEMBERED) this.owners.delete(oldest as string);
  }
}

function plainId(name: Buffer): string {
  const text = name.toString('utf8');
  const stem = text.slice(0, text.length - extname(text).length);
  return isIdentifier(stem) ? stem : withDigest(stem, digestOf(name));
}

const withDigest = (stem: string, digest: string): string =>
  `${stem.replace(/[^A-Za-z0-9_-]+/g, '_').slice(0, LONGEST_STEM)}-${digest.slice(0, DIGEST_CHARACTERS)}`;

const digestOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
