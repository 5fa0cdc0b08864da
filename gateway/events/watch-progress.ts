/** How far the watch of builds is: the directory has all changes up to `resourceVersion`, and perhaps later ones. */
export interface WatchProgress {
  /** What took it there; `LIST`: changes in between may have been skipped. */
  readonly type: 'LIST' | 'BOOKMARK' | 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly resourceVersion: string;
  /** Whom an event was about. */
  readonly object?: { readonly name: string; readonly uid: string };
}

/** The informer, as far as it tells of its watch. */
export interface ProgressSource {
  /** Called synchronously, after the directory has changed. */
  onProgress(handler: (progress: WatchProgress) => void): void;
}
