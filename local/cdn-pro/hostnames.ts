import { type Answer, badRequest } from './answers.ts';
import type { DeployedHosts } from './purges/purge-request.ts';
import { readChoice, readPage } from './query.ts';

/** @returns the answer to GET /cdn/hostnames; host names with a `*` are not listed */
export function listHostnames(deployed: DeployedHosts, query: URLSearchParams): Answer {
  const page = readPage(query);
  if (!page.ok) return badRequest(page.fault);
  const target = readChoice(query, 'target', ['all', 'staging', 'production'], {
    code: 'InvalidTarget',
    message: "Invalid target query parameter. Only 'all', 'staging', or 'production' are allowed.",
  });
  if (!target.ok) return badRequest(target.fault);
  const wanted = [target.value ?? 'all'].flatMap((value) =>
    value === 'all' ? (['production', 'staging'] as const) : [value],
  );
  const names = [...new Set(wanted.flatMap((environment) => deployed[environment]))];
  const hostnames = names.filter((name) => !name.includes('*')).map((name) => describe(name, deployed));
  const { offset, limit } = page.value;
  return {
    status: 200,
    body: { count: hostnames.length, hostnames: hostnames.slice(offset, offset + limit) },
  };
}

function describe(hostname: string, { production, staging }: DeployedHosts) {
  const property = { propertyId: '5cada91cd9dd84000130da50', version: 1 };
  return {
    hostname,
    propertyInProduction: production.includes(hostname) ? property : null,
    propertyInStaging: staging.includes(hostname) ? property : null,
  };
}
