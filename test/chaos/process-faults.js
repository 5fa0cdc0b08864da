// Loaded into an operator before its own code, so that this needs nothing for it: the process's clock is wrong by
// CHAOS_CLOCK_SKEW_MS, and SIGUSR2 keeps its event loop busy for CHAOS_BLOCK_MS.
import process from 'node:process';

const skewMs = Number(process.env.CHAOS_CLOCK_SKEW_MS ?? '0');
const blockMs = Number(process.env.CHAOS_BLOCK_MS ?? '0');

if (skewMs !== 0) {
  const RealDate = Date;
  globalThis.Date = class extends RealDate {
    constructor(...parts) {
      if (parts.length === 0) super(RealDate.now() + skewMs);
      else super(...parts);
    }

    static now() {
      return RealDate.now() + skewMs;
    }
  };
}

process.on('SIGUSR2', () => {
  const end = performance.now() + blockMs;
  while (performance.now() < end);
});
