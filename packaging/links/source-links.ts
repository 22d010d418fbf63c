/** Where a package's source is, as npm knows it. */
export interface SourceLinks {
  readonly repository: { readonly type: 'git'; readonly url: string };
  readonly homepage: string;
  /** Only of hosts whose issue pages are known. */
  readonly bugs?: { readonly url: string };
}

/** The path of a repository's issues, by the name of its host. */
const issuePaths = [
  [/^github\./, '/issues'],
  [/^gitlab\./, '/-/issues'],
  [/^bitbucket\.org$/, '/issues'],
] as const;

/**
 * @param remote what git calls the URL of a remote: `https://…`, `ssh://…`, `git@host:path` or a folder
 * @returns the links, without the user, password and port of the remote; undefined where it has no public host
 */
export function linksOf(remote: string): SourceLinks | undefined {
  const found = hostAndPath(remote.trim());
  if (found === undefined || !isPublic(found.host)) return undefined;
  const path = found.path.replace(/^\/+/, '').replace(/(\.git)?\/*$/, '');
  if (path === '') return undefined;
  const page = `https://${found.host}/${path}`;
  const issuePath = issuePaths.find(([pattern]) => pattern.test(found.host))?.[1];
  return {
    repository: { type: 'git', url: `git+${page}.git` },
    homepage: `${page}#readme`,
    ...(issuePath !== undefined && { bugs: { url: `${page}${issuePath}` } }),
  };
}

function hostAndPath(remote: string): { readonly host: string; readonly path: string } | undefined {
  if (/^(git\+)?(https?|ssh|git):\/\//.test(remote)) {
    // Other schemes than these have no host for `URL`.
    const url = URL.parse(remote.replace(/^(git\+)?\w+:/, 'https:'));
    return url === null ? undefined : { host: url.hostname, path: url.pathname };
  }
  const [, host, path] = /^(?:[^@/:]+@)?([^@/:]+):(?!\/\/)([^?#@]+)$/.exec(remote) ?? [];
  return host === undefined || path === undefined ? undefined : { host: host.toLowerCase(), path };
}

/**
 * A name below a top-level domain, which has letters alone: neither an address nor an alias of somebody's SSH configuration, such
 * as `github.com-work`.
 */
function isPublic(host: string): boolean {
  return (
    /^([a-z0-9-]+\.)+([a-z]{2,}|xn--[a-z0-9-]+)$/.test(host) && !/\.(local|localhost|internal)$/.test(host)
  );
}
