// How the states of a build look, wherever they are shown. It is bundled into the pages too, so it imports nothing.

/** What a person is told a build is; `waiting` is the part of `initializing` that has no job yet. */
export const SHOWN_STATES = [
  'waiting',
  'initializing',
  'stopped',
  'starting',
  'started',
  'stopping',
  'failed',
  'undeploying',
] as const;

export type ShownState = (typeof SHOWN_STATES)[number];

export interface StateLook {
  /** On which white text has a contrast of at least 4.5:1. */
  readonly colour: string;
  /** The `d` of an SVG path in a square of 16, filled by the even-odd rule; no two are alike without colour. */
  readonly shape: string;
}

/** A disc of radius 7 about the middle. */
const DISC = 'M8 1a7 7 0 1 0 0 14A7 7 0 1 0 8 1z';
/** What makes a ring of the disc. */
const HOLE = 'M8 3a5 5 0 1 1 0 10A5 5 0 1 1 8 3z';

export const STATE_LOOKS: Readonly<Record<ShownState | 'unknown', StateLook>> = {
  // A clock.
  waiting: { colour: '#8a5a00', shape: `${DISC}${HOLE}M7.2 4.6h1.6v3.1l2.2 2.2-1.1 1.1-2.7-2.7z` },
  // A disc half full.
  initializing: { colour: '#1d5fc4', shape: `${DISC}M8 3a5 5 0 0 0 0 10z` },
  // A square.
  stopped: {
    colour: '#57606a',
    shape:
      'M3.5 2h9A1.5 1.5 0 0 1 14 3.5v9a1.5 1.5 0 0 1-1.5 1.5h-9A1.5 1.5 0 0 1 2 12.5v-9A1.5 1.5 0 0 1 3.5 2z',
  },
  // An outlined triangle.
  starting: { colour: '#0f766e', shape: 'M3 1.2 15 8 3 14.8zM5 4.7v6.6L10.9 8z' },
  // A disc with a tick.
  started: { colour: '#1a7f37', shape: `${DISC}M6.9 11.6 3.8 8.5l1.2-1.2 1.9 1.9 4.1-4.1 1.2 1.2z` },
  // An outlined square with a smaller one in it.
  stopping: { colour: '#6b5b95', shape: 'M2 2h12v12H2zM3.8 3.8v8.4h8.4V3.8zM6 6h4v4H6z' },
  // A diamond with an exclamation mark.
  failed: { colour: '#c4201f', shape: 'M8 .6 15.4 8 8 15.4.6 8zM7.1 4.2v5h1.8v-5zM7.1 10.3v1.7h1.8v-1.7z' },
  // A disc with an arrow down.
  undeploying: { colour: '#7a4b2e', shape: `${DISC}${HOLE}M7.2 4.5h1.6v4h2L8 11.6 5.2 8.5h2z` },
  // A ring.
  unknown: { colour: '#6b7280', shape: `${DISC}${HOLE}` },
};
