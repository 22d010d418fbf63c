import { readFileSync } from 'node:fs';
import { compileRules } from '../core/mapping/compile-rules.ts';
import type { MappingConfig, RuleSet } from '../core/mapping/rule.ts';

/** The file next to a handler that holds its rules, written at synth. */
export const mappingFile = 'mapping.json';

/** The file next to `probe` that holds the hosts it may ask, written at synth. */
export const hostsFile = 'hosts.json';

/** @returns the rules of the function that this code is bundled into, validated at synth */
export function loadMapping(): MappingConfig {
  return readBundled(mappingFile) as MappingConfig;
}

/** @returns the rules of the function that this code is bundled into, compiled */
export function loadRules(): RuleSet {
  return compileRules(loadMapping());
}

/** @returns the hosts that may be probed, in the form of `allowedHosts` */
export function loadHosts(): readonly string[] {
  return readBundled(hostsFile) as readonly string[];
}

function readBundled(file: string): unknown {
  return JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8'));
}
