import { readFileSync } from 'node:fs';
import { compileRules } from '../core/mapping/compile-rules.ts';
import type { MappingConfig, RuleSet } from '../core/mapping/rule.ts';

/** The file next to a handler that holds its rules, written at synth. */
export const mappingFile = 'mapping.json';

/** @returns the rules of the function that this code is bundled into, validated at synth */
export function loadMapping(): MappingConfig {
  return JSON.parse(readFileSync(new URL(mappingFile, import.meta.url), 'utf8')) as MappingConfig;
}

/** @returns the rules of the function that this code is bundled into, compiled */
export function loadRules(): RuleSet {
  return compileRules(loadMapping());
}
