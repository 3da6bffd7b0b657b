import { EventEmitter } from 'node:events';

/** The network is cut; nothing was sent. */
export class OfflineError extends Error {
  override readonly name = 'OfflineError';
  constructor() {
    super('the device is offline');
  }
}

/** The one switch between the device and everything outside it: emits `cut` and `restored`. */
export class Network extends EventEmitter<{ cut: []; restored: [] }> {
  private connected = true;

  get isUp(): boolean {
    return this.connected;
  }

  cut(): void {
    if (!this.connected) return;
    this.connected = false;
    this.emit('cut');
  }

  restore(): void {
    if (this.connected) return;
    this.connected = true;
    this.emit('restored');
  }

  /** @throws OfflineError while the network is cut */
  require(): void {
    if (!this.connected) throw new OfflineError();
  }
}
