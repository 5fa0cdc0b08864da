import type { ShownState } from '../pages/state-looks.js';

/** Every English text of the pages; functions where a value is within. */
export const TEXTS = {
  /** Around every page; written into it when it is built. */
  frame: {
    description: 'Every commit of every branch and pull request as a running instance.',
    frontTitle: 'runboat',
    buildsTitle: 'Builds · runboat',
    buildTitle: 'Build · runboat',
    skip: 'Skip to the content',
    navigation: 'Pages',
    overview: 'Overview',
    builds: 'Builds',
    api: 'API',
    allBuilds: 'All builds',
    noScript: 'These pages need JavaScript. Everything in them is in the API too.',
    credit: 'runboat, in the spirit of sbidoul’s runboat. MIT License, © the runboat contributors.',
  },
  states: {
    waiting: 'waiting',
    initializing: 'initialising',
    stopped: 'stopped',
    starting: 'starting',
    started: 'started',
    stopping: 'stopping',
    failed: 'failed',
    undeploying: 'undeploying',
  } satisfies Record<ShownState, string>,
  stateDetail: {
    place: (place: number) => `place ${place}`,
    elapsed: (duration: string) => duration,
  },
  connection: {
    connecting: 'Connecting…',
    offline: (age: string) => `Offline: this is what was known ${age}. Trying to reconnect.`,
    never: 'The gateway does not answer. Trying again.',
  },
  errors: {
    offline: 'The gateway cannot be reached. Check your connection and try again.',
    unreadable: (status: number) => `The gateway answered in a way that cannot be read (status ${status}).`,
  },
  ages: {
    now: 'now',
    seconds: (count: number) => `${count} s`,
    minutes: (count: number) => `${count} min`,
    hours: (count: number) => `${count} h`,
    days: (count: number) => `${count} d`,
    ago: (duration: string) => `${duration} ago`,
    justNow: 'just now',
  },
} as const;
