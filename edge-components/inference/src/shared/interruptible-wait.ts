/** A pause that another part can end. A wake-up that comes while nobody waits ends the next pause at once. */
export class InterruptibleWait {
  private end: (() => void) | undefined;
  private pending = false;

  wake(): void {
    if (this.end) this.end();
    else this.pending = true;
  }

  pause(milliseconds: number): Promise<void> {
    if (this.pending) {
      this.pending = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.end = undefined;
        resolve();
      };
      const timer = setTimeout(end, milliseconds);
      this.end = end;
    });
  }
}
