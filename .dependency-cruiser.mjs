/**
 * The rooms and floors of `docs/architecture.md`: no import runs in a circle, and none runs up. Checked by `npm test`.
 * A room may import from itself, and from the rooms listed for it.
 */
const rooms = {
  'functions/core/model': [],
  'functions/core/mapping': ['functions/core/model'],
  'functions/core/limits': ['functions/core/model'],
  'functions/core/following': ['functions/core/(model|limits)'],
  'functions/core/planning': ['functions/core/(model|limits)'],
  'functions/core/proving': ['functions/core/(model|planning)'],
  'functions/sources': ['functions/core'],
  'functions/cdn-pro': ['functions/core'],
  'functions/lambda': ['functions/core'],
  'functions/aws': ['functions/core'],
  'functions/buffer': ['functions/core', 'functions/aws', 'functions/lambda'],
  'functions/[a-z0-9-]+': ['functions/(core|sources|cdn-pro|aws|lambda|buffer)'],
  'infra/settings': ['functions/(core|sources)'],
  'infra/security': ['infra/settings', 'functions'],
  'infra/storage': ['infra/(settings|security)', 'functions'],
  'infra/function': ['infra/(settings|security|storage)', 'functions'],
  'infra/monitoring': ['infra/(settings|security|storage|function)', 'functions'],
  'infra/pipeline': [
    'infra/(settings|security|storage|function|monitoring)',
    'infra/webhook[.]ts',
    'functions',
  ],
  infra: ['functions'],
  'local/loopback': [],
  'local/cdn-pro': ['local/loopback'],
  'local/edge': ['local/(cdn-pro|loopback)'],
  'local/aws': ['local/loopback', 'functions/core/model/(objects/form-encoded-key|record)[.]ts'],
  'local/demo': [
    'local/(aws|cdn-pro|edge)',
    'functions/core/mapping/(rule|compile-rules|urls/hosts)[.]ts',
    'functions/lambda/(environment|log-events|submit-events)[.]ts',
    'infra/settings',
    'infra/cli/webhooks',
    'infra/cli/queries/wait-reason[.]ts',
  ],
  'local/page/client': ['local/page/view[.]ts'],
  'local/page': [
    'local/(cdn-pro|edge|demo)',
    'local/aws/template/errors[.]ts',
    'functions/core/model/entry-text[.]ts',
    'infra/cli/(purger|queries)',
    'infra/operation/description[.]ts',
  ],
  local: [
    'functions/lambda/environment[.]ts',
    'infra/(settings|cli/(parse-options|terminal|usage-error)[.]ts|stack/load-config[.]ts)',
  ],
  packaging: ['infra', 'local/page/client-build[.]ts'],
  bench: ['infra', 'functions', 'local', 'test/helpers'],
};

const names = Object.keys(rooms);

/** A rule for each room; a file is in the first room that fits it. */
const floors = names.map((room, index) => ({
  name: `floor-of-${room.replaceAll('/', '-').replace('[a-z0-9-]+', 'each')}`,
  severity: 'error',
  from: {
    path: `^${group(room)}/`,
    ...(index > 0 && { pathNot: names.slice(0, index).map((earlier) => `^${earlier}/`) }),
  },
  to: {
    path: '^(functions|infra|local|bench|packaging|test)/',
    pathNot: [
      `^${room.includes('[') ? 'functions/$1' : room}/`,
      ...rooms[room].map((path) => `^${path}(/|$)`),
    ],
  },
}));

/** Only the pattern of a function's folder has a group, so that it may import from itself alone. */
function group(room) {
  return room.replace('[a-z0-9-]+', '([a-z0-9-]+)');
}

export default {
  forbidden: [
    {
      name: 'no-circle',
      comment: 'Move what both need into a separate file, on the lower floor.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-checks-in-functions',
      comment:
        'Configuration is checked in infra/settings when it is synthesized: its libraries are in no bundle.',
      severity: 'error',
      from: { path: '^functions/' },
      to: { path: '^node_modules/(zod|leven)/' },
    },
    {
      name: 'vendors-apart',
      comment: 'A vendor stands on the toolkit and the contract, not on another vendor.',
      severity: 'error',
      from: { path: '^functions/sources/vendors/' },
      to: { path: '^functions/sources/(vendors|registry|s3)' },
    },
    {
      name: 'toolkit-below-vendors',
      severity: 'error',
      from: { path: '^functions/sources/(toolkit|webhook-)' },
      to: { path: '^functions/sources/(vendors|registry|s3)' },
    },
    ...floors,
  ],
  options: {
    // The compiler of this project has no API yet; swc reads the types' imports as well.
    parser: 'swc',
    tsPreCompilationDeps: true,
    includeOnly: '^((functions|infra|local|bench|packaging|test)/|node_modules/(zod|leven)/)',
    doNotFollow: { path: '^node_modules/' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.tsx', '.mjs'],
      exportsFields: ['exports'],
      conditionNames: ['import'],
    },
  },
};
