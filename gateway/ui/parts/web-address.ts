/**
 * What a link may lead to: an address of the web or of this gateway. Some come from what others wrote into the
 * cluster, and a link must never run a script.
 */
export function webAddress(address: string | null | undefined): string | undefined {
  return address && /^(https?:\/\/|\/(?!\/))/i.test(address) ? address : undefined;
}

/** The host of an address, for people; the address itself when it has none. */
export function hostOf(address: string): string {
  return URL.canParse(address) ? new URL(address).host : address;
}

/** The page of a build. */
export function buildPage(name: string): string {
  return `/webui/build.html?name=${encodeURIComponent(name)}`;
}

/** The list of a repository's builds. */
export function repoPage(repo: string): string {
  return `/webui/builds.html?repo=${encodeURIComponent(repo)}`;
}
