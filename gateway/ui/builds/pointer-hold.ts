/** A pointer that has not moved for so long is in nobody's hand, milliseconds. */
export const REST_MS = 30_000;

type Pointer = Pick<PointerEvent, 'pointerType' | 'screenX' | 'screenY'>;

/** Whether a mouse is being used over something: from when it comes there until it leaves, or rests for long. */
export class PointerHold {
  isHeld = false;
  private readonly changed: () => void;
  private at: readonly number[] = [];
  private movedAt = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** `changed` is called after each change of `isHeld`. */
  constructor(changed: () => void) {
    this.changed = changed;
  }

  /** It came or moved. Browsers say so too when what is below it moved, which is no sign of a hand. */
  move({ pointerType, screenX, screenY }: Pointer): void {
    const [x, y] = this.at;
    if (pointerType !== 'mouse' || (x === screenX && y === screenY)) return;
    this.at = [screenX, screenY];
    this.movedAt = Date.now();
    if (this.isHeld) return;
    this.look(REST_MS);
    this.set(true);
  }

  leave(): void {
    clearTimeout(this.timer);
    this.at = [];
    if (this.isHeld) this.set(false);
  }

  private look(afterMs: number): void {
    this.timer = setTimeout(() => {
      const left = this.movedAt + REST_MS - Date.now();
      if (left > 0) this.look(left);
      else this.set(false);
    }, afterMs);
  }

  private set(isHeld: boolean): void {
    this.isHeld = isHeld;
    this.changed();
  }
}
