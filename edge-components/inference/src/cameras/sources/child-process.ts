/** rtsp and v4l2: a program of the device decodes, and writes JPEG images to its standard output. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import type { CameraSettings } from '../../configuration/camera-settings';
import type { FrameSink, FrameSource } from '../../ports';
import { OutputTail } from '../../shared/output-tail';
import { redactorOf } from '../../shared/redact-url';
import { within } from '../../shared/within';
import { AttemptLoop } from './attempt-loop';
import { Deadline, readyWithin, silenceMilliseconds } from './deadline';
import { type FrameProgram, type FrameSyncOption, frameProgram } from './frame-program';
import { type Executables, FrameNames, type FrameSourcePorts, tooLarge } from './frame-source';
import { JpegSplitter } from './jpeg-splitter';

type Child = ChildProcessByStdio<null, Readable, Readable>;

const IN_PATH: Executables = { ffmpeg: 'ffmpeg', gstreamer: 'gst-launch-1.0' };
/** All cameras together have to end within the 3 s of a stop. */
const GRACE_MILLISECONDS = 500;
/** After SIGKILL: a process that hangs in a driver ends when the driver does. */
const KILL_MILLISECONDS = 500;
/** GStreamer says the cause in the first of five lines. */
const ERROR_LINES = 5;
/** ffmpeg writes addresses in memory, which make the same words new at every start: `[rtsp @ 0x555c40d76b40]`. */
const MEMORY_ADDRESS = / @ 0x[0-9a-f]+/g;
/** Neither the nucleus's token nor cloud credentials are a video program's business. */
const PASSED_ON = /^(PATH|HOME|TMPDIR|LD_LIBRARY_PATH|XDG_.*|GST_.*|LIBVA_.*)$/;

export interface ChildProcessOptions {
  /** How long the program may give no frame. @default - `stallSeconds`, at least 15 s */
  readonly silenceMilliseconds?: number;
  /** Between SIGTERM and SIGKILL. @default 500 */
  readonly graceMilliseconds?: number;
}

/**
 * Runs the program, starts it again when it ends or gives no frame for long, and never leaves it behind: it is ended on stop
 * and with this process; after a SIGKILL of this process its next image ends it, because nobody reads its output.
 */
export class ChildProcessFrameSource implements FrameSource {
  private readonly loop: AttemptLoop;
  private readonly names: FrameNames;
  /** A line of the program without secrets and without what differs from start to start. */
  private readonly readable: (line: string) => string;
  private readonly silenceMilliseconds: number;
  private readonly graceMilliseconds: number;
  private sync: FrameSyncOption = '-fps_mode';

  constructor(
    cameraId: string,
    private readonly settings: CameraSettings,
    private readonly ports: FrameSourcePorts,
    options: ChildProcessOptions = {},
  ) {
    this.loop = new AttemptLoop(cameraId, ports);
    this.names = new FrameNames(cameraId);
    const redact = settings.url === undefined ? (text: string) => text : redactorOf(settings.url);
    this.readable = (line) => redact(line).replace(MEMORY_ADDRESS, '');
    this.silenceMilliseconds = options.silenceMilliseconds ?? silenceMilliseconds(settings.stallSeconds);
    this.graceMilliseconds = options.graceMilliseconds ?? GRACE_MILLISECONDS;
  }

  start(sink: FrameSink): void {
    this.loop.start((signal) => this.runProgram(sink, signal));
  }

  problem(): string | undefined {
    return this.loop.problem();
  }

  stop(): Promise<void> {
    return this.loop.stop();
  }

  /** Resolves when the program has to be started in another way, rejects with why it has ended otherwise. */
  private async runProgram(sink: FrameSink, stop: AbortSignal): Promise<void> {
    const program = frameProgram(this.settings, this.sync);
    const child = startProgram(program, (this.ports.executables ?? IN_PATH)[program.program]);
    const errors = new OutputTail(ERROR_LINES, this.readable);
    child.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text));
    let failure: NodeJS.ErrnoException | undefined;
    try {
      await this.watchProgram(child, program, sink, stop);
    } catch (error) {
      failure = error as NodeJS.ErrnoException;
    }
    await this.endProgram(child);
    if (this.takesOlderOption(errors)) return;
    const end = failure?.message ?? `${program.program} ended with ${child.signalCode ?? child.exitCode}`;
    throw new Error(
      failure?.code === 'ENOENT' ? notInstalled(program) : [end, errors.text()].filter(Boolean).join(': '),
    );
  }

  /** Resolves when the program has ended by itself and all its images have been taken. */
  private async watchProgram(
    child: Child,
    { program }: FrameProgram,
    sink: FrameSink,
    stop: AbortSignal,
  ): Promise<void> {
    const problem = (): string => `${program} gave no frame for ${this.silenceMilliseconds / 1000} s`;
    const silence = new Deadline(this.silenceMilliseconds, problem, stop);
    try {
      const closed = once(child, 'close');
      const read = this.readImages(child.stdout, sink, silence);
      await within(silence.signal, Promise.all([closed, read]));
    } finally {
      silence.close();
    }
  }

  private async readImages(output: Readable, sink: FrameSink, silence: Deadline): Promise<void> {
    const { clock, maximumFrameBytes } = this.ports;
    const splitter = new JpegSplitter(maximumFrameBytes);
    for await (const chunk of output) {
      const receivedAt = clock.monotonic();
      for (const { bytes, size, tooLarge: oversize, startedAt } of splitter.push(chunk, clock.now())) {
        const discarded = oversize ? tooLarge(size, maximumFrameBytes()) : undefined;
        await readyWithin(sink, silence);
        this.loop.progressed();
        sink.accept(this.names.frame({ bytes, frameBytes: size, startedAt, receivedAt, discarded }));
      }
    }
  }

  /** Ends the program if it has not ended by itself. Its output is closed first, because nobody reads it any more. */
  private async endProgram(child: Child): Promise<void> {
    child.stdout.destroy();
    for (const [signal, milliseconds] of [
      ['SIGTERM', this.graceMilliseconds],
      ['SIGKILL', KILL_MILLISECONDS],
    ] as const) {
      if (hasEnded(child)) break;
      child.kill(signal);
      await within<unknown>(milliseconds, once(child, 'exit'), () => undefined);
    }
    child.stderr.destroy();
    if (!hasEnded(child)) this.ports.log.error('camera program cannot be ended', { pid: child.pid });
  }

  /** ffmpeg before 5.1 ends at once when it sees the newer option. */
  private takesOlderOption(errors: OutputTail): boolean {
    if (this.sync === '-vsync' || !/option '?fps_mode'?/.test(errors.text())) return false;
    this.sync = '-vsync';
    return true;
  }
}

/** What has to be ended with this process, when it ends in whatever way that still lets it do something. */
const children = new Set<Child>();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

function startProgram(program: FrameProgram, executable: string): Child {
  const environment = Object.entries(process.env).filter(([name]) => PASSED_ON.test(name));
  const child = spawn(executable, program.arguments, {
    stdio: ['ignore', 'pipe', 'pipe'],
    // Messages in one language, so that they can be told apart.
    env: { ...Object.fromEntries(environment), LC_ALL: 'C' },
  });
  children.add(child);
  child.on('exit', () => children.delete(child));
  // A program that could not be started never exits.
  child.on('error', () => children.delete(child));
  return child;
}

const hasEnded = (child: Child): boolean =>
  child.pid === undefined || child.exitCode !== null || child.signalCode !== null;

const notInstalled = ({ program, packages }: FrameProgram): string =>
  `${program} is not installed on this device: install it, on Debian and Ubuntu with 'apt-get install ${packages}'`;
