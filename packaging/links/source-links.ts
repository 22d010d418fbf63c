/** Where a package's source is, as npm knows it. */
export interface SourceLinks {
  readonly repository: { readonly type: 'git'; readonly url: string };
  readonly homepage: string;
  /** Only of hosts whose issue pages are known. */
  readonly bugs?: { readonly url: string };
}

/** Other names of hosts, for SSH: some on port 443. */
const sshHosts: Readonly<Record<string, string>> = {
  'ssh.github.com': 'github.com',
  'altssh.gitlab.com': 'gitlab.com',
  'altssh.bitbucket.org': 'bitbucket.org',
  'ssh.dev.azure.com': 'dev.azure.com',
  'vs-ssh.visualstudio.com': 'dev.azure.com',
};

/** Names under these are never registered: those of private networks (RFC 6762, appendix G) and reserved ones. */
const privateDomain =
  /\.(local|localhost|localdomain|internal|intranet|private|corp|home|lan|mail|arpa|test|invalid|onion|alt)$/;

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
  const host = sshHosts[found.host] ?? found.host;
  const path = pathOn(host, found.path.replace(/^\/+|\/+$/g, ''));
  if (path === '') return undefined;
  const page = `https://${host}/${path}`;
  const issuePath = issuePaths.find(([pattern]) => pattern.test(host))?.[1];
  return {
    repository: { type: 'git', url: `git+${page}${isAzure(path) ? '' : '.git'}` },
    homepage: `${page}#readme`,
    ...(issuePath !== undefined && { bugs: { url: `${page}${issuePath}` } }),
  };
}

function pathOn(host: string, path: string): string {
  const known = host === 'dev.azure.com' ? path.replace(/^v3\/([^/]+\/[^/]+)\/([^/]+)$/, '$1/_git/$2') : path;
  return isAzure(known) ? known : known.replace(/\.git$/, '');
}

/** Azure DevOps has no `.git` at the end of a repository's URL. */
function isAzure(path: string): boolean {
  return /\/_git\/[^/]+$/.test(path);
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
  return /^([a-z0-9-]+\.)+([a-z]{2,}|xn--[a-z0-9-]+)$/.test(host) && !privateDomain.test(host);
}
