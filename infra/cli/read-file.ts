import { readFileSync } from 'node:fs';
import { recordOf } from '../../functions/core/model/record.ts';
import { UsageError } from './usage-error.ts';

/**
 * Reads a file that an option names.
 * @param expected what it should be, such as `a file of URLs`
 * @throws UsageError with the option, what was expected and what came
 */
export function readNamedFile(option: string, file: string, expected: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`Expected ${option} to be ${expected}, but ${file} ${reasonOf(error)}`);
  }
}

/** @returns the URLs of a file with one on each line; empty lines and # comments are skipped */
export function readUrlLines(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

function reasonOf(error: unknown): string {
  const { code, message } = recordOf(error) ?? {};
  switch (code) {
    case 'ENOENT':
      return 'does not exist';
    case 'EISDIR':
      return 'is a folder';
    case 'EACCES':
      return 'may not be read';
    default:
      return `cannot be read: ${String(message)}`;
  }
}
