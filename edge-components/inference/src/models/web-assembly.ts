/** Loops over pixels as WebAssembly: a *-kernel.ts that was generated, ready to be called. */

/** As far as it is used: TypeScript knows it only together with all that browsers have. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (program: object) => { readonly exports: unknown };
};

export interface KernelMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): void;
}

const PAGE_BYTES = 65_536;

/** Compiles once. @returns makes instances, each with memory of its own */
export function kernelProgram<Kernel>(base64: string): () => Kernel {
  const program = new WebAssembly.Module(Buffer.from(base64, 'base64'));
  return () => new WebAssembly.Instance(program).exports as Kernel;
}

/** The memory has so many bytes afterwards, or more: it never shrinks. Views of its buffer may have become void. */
export function makeRoom(memory: KernelMemory, bytes: number): void {
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
}
