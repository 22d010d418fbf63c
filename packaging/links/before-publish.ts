import { readLinks } from './manifest.ts';

const { missing } = readLinks();
if (missing.length > 0) {
  const names = missing.map((name) => `"${name}"`).join(', ');
  console.error(
    `package.json has no ${names}, and the git remote "origin" does not tell: nobody could find the source of what is published. ` +
      'Set origin to the repository, or add them with the URLs of the host, then publish again.',
  );
  process.exitCode = 1;
}
