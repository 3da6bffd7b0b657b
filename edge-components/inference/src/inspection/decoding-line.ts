import type { Frame } from '../ports';

interface Place<Decoded> {
  readonly frame: Frame;
  decoded?: Decoded;
}

export interface DecodingLinePorts<Decoded> {
  /** The next frame in its turn; undefined when there will be no more. */
  readonly take: () => Promise<Frame | undefined>;
  /** Never rejects. */
  readonly decode: (frame: Frame) => Promise<Decoded>;
  /** How many frames are decoded, or wait decoded. */
  readonly places: number;
}

/**
 * Frames that are being decoded side by side. They leave in the order of their camera; one that takes long does not hold up
 * those of other cameras.
 */
export class DecodingLine<Decoded> {
  /** In the order in which they were taken. */
  private readonly occupied: Place<Decoded>[] = [];
  private given: Place<Decoded> | undefined;
  /** One at a time, so that frames keep their order. */
  private isTaking = false;
  private ended = false;
  private wake: () => void = () => undefined;

  constructor(private readonly ports: DecodingLinePorts<Decoded>) {}

  /** The first frame that may leave; it keeps its place until it does. Undefined when there will be no more. */
  async first(): Promise<Decoded | undefined> {
    while (true) {
      this.fill();
      this.given = this.mayLeave();
      if (this.given) return this.given.decoded;
      if (this.ended && this.occupied.length === 0) return undefined;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  /** That frame leaves, and another one takes its place. */
  leave(): void {
    if (this.given) this.occupied.splice(this.occupied.indexOf(this.given), 1);
    this.given = undefined;
    this.fill();
  }

  private mayLeave(): Place<Decoded> | undefined {
    const before = new Set<string>();
    for (const place of this.occupied) {
      const { cameraId } = place.frame;
      if (place.decoded !== undefined && !before.has(cameraId)) return place;
      before.add(cameraId);
    }
    return undefined;
  }

  private fill(): void {
    if (this.isTaking || this.ended || this.occupied.length >= this.ports.places) return;
    this.isTaking = true;
    void this.ports.take().then((frame) => {
      this.isTaking = false;
      if (frame) this.begin(frame);
      else this.ended = true;
      this.fill();
      this.wake();
    });
  }

  private begin(frame: Frame): void {
    const place: Place<Decoded> = { frame };
    this.occupied.push(place);
    void this.ports.decode(frame).then((decoded) => {
      place.decoded = decoded;
      this.wake();
    });
  }
}
