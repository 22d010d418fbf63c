import { readFileSync } from 'node:fs';

/** What a package needs before it is published: the ways from its page in the registry to its source and its issues. */
const links = ['repository', 'homepage', 'bugs'] as const;

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Readonly<Record<string, unknown>>;
const missing = links.filter((name) => manifest[name] === undefined);
if (missing.length > 0) {
  const names = missing.map((name) => `"${name}"`).join(', ');
  console.error(
    `package.json has no ${names}: nobody could find the source of what is published. Add them with the URLs of the host, then publish again.`,
  );
  process.exitCode = 1;
}
