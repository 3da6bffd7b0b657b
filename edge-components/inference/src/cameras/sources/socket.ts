import { once } from 'node:events';
import { connect } from 'node:net';
import type { Frame, FrameSink, FrameSource } from '../../ports';
import { within } from '../../shared/within';
import { AttemptLoop } from './attempt-loop';
import { type FrameMessage, FrameParser } from './frame-message';
import { type FrameSourcePorts, tooLarge } from './frame-source';

/**
 * A camera process's Unix socket. Connects and stays connected; a stream that is out of step is closed and opened again.
 * While the sink is not ready nothing is read, so that the camera process's writes wait.
 */
export class SocketFrameSource implements FrameSource {
  private readonly loop: AttemptLoop;

  constructor(
    private readonly cameraId: string,
    private readonly path: string,
    private readonly ports: FrameSourcePorts,
  ) {
    this.loop = new AttemptLoop(cameraId, ports);
  }

  start(sink: FrameSink): void {
    this.loop.start((signal) => this.readConnection(sink, signal));
  }

  problem(): string | undefined {
    return this.loop.problem();
  }

  stop(): Promise<void> {
    return this.loop.stop();
  }

  private async readConnection(sink: FrameSink, signal: AbortSignal): Promise<void> {
    const socket = connect(this.path);
    const abort = (): unknown => socket.destroy();
    signal.addEventListener('abort', abort, { once: true });
    try {
      await once(socket, 'connect', { signal });
      this.loop.connected();
      const parser = new FrameParser(this.ports.maximumFrameBytes);
      for await (const chunk of socket) {
        const receivedAt = this.ports.clock.monotonic();
        for (const message of parser.push(chunk)) {
          await within(signal, sink.ready());
          this.loop.progressed();
          sink.accept(this.frameOf(message, receivedAt));
        }
      }
    } finally {
      signal.removeEventListener('abort', abort);
      socket.destroy();
    }
    throw new Error('the camera closed the connection');
  }

  private frameOf({ header, image, tooLarge: discarded }: FrameMessage, receivedAt: number): Frame {
    return {
      cameraId: this.cameraId,
      frameId: header.frameId,
      capturedAt: header.capturedAt,
      bytes: image,
      frameBytes: header.bytes,
      receivedAt,
      ...(discarded && { discarded: tooLarge(header.bytes, this.ports.maximumFrameBytes()) }),
    };
  }
}
