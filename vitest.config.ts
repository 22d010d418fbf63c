import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * The folders of `test/`, by how long a file of theirs can take; before all, what loads CDK's validation: in a worker that has
 * much in its memory already, that takes several times as long.
 */
const kinds = ['infra/deployments.test.ts', 'package/', 'integration/', 'infra/', 'property/', 'unit/'];
const rankOf = ({ moduleId }: TestSpecification) =>
  kinds.findIndex((kind) => moduleId.includes(`/test/${kind}`));

/** Long files first, or one worker would be left with them at the end. */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).toSorted((one, other) => rankOf(one) - rankOf(other));
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Three more than cores: tests that start the local stack mostly wait.
    maxWorkers: availableParallelism() + 3,
    // A worker keeps the modules that it has loaded; the CDK takes seconds. So a test file leaves nothing changed behind.
    isolate: false,
    // Commands that tests start read TypeScript from a cache of what Node made of it.
    env: { NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/node', import.meta.url)) },
    globalSetup: 'test/helpers/temporary-folder.ts',
    sequence: { sequencer: LongFirst },
  },
});
