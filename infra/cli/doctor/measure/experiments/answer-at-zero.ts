import type { Tokens } from '../../../../../functions/core/limits/tokens/quota.ts';
import { isRecord } from '../../../../../functions/core/model/record.ts';
import { describe, purgeOf, readTokens, remainingOf } from '../ask.ts';
import { type Bench, type Exchange, MeasureError } from '../bench.ts';
import { cannotTell, type ExhaustedAnswer, type Experiment, measured } from '../finding.ts';

/** So many requests, at most, once nothing is left: each asks for a twentieth of the quota more. */
const mostBeyond = 6;
const shareBeyond = 0.05;
/** Far from the limit of a body, which answers in the same way as a quota might. */
const mostUrls = 500;
const bytesOfUrl = 128;
/** More than are expected, where a body may have few URLs. */
const moreRounds = 10;

/** What CDN Pro answers when nothing is left of the day's tokens. It spends all that is left. */
export function answerAtZero({
  left,
  quota,
  maxFileUrls,
}: {
  readonly left: Tokens;
  readonly quota: Tokens;
  readonly maxFileUrls: number;
}): Experiment {
  const size = Math.min(maxFileUrls, mostUrls);
  const rounds = Math.ceil(left.files / size) + moreRounds;
  return {
    name: 'answer at zero',
    cost: { requests: 2 * rounds + 1 + mostBeyond, files: left.files + mostBeyond * size, seconds: 10 },
    async run(bench, { acceptedBytes = 0, refusedBytes }) {
      const fitting = refusedBytes === undefined ? size : Math.floor(acceptedBytes / bytesOfUrl);
      const most = Math.max(1, Math.min(size, fitting));
      await spendAll(bench, most, rounds);
      const beyond = Math.max(1, Math.min(most, Math.ceil(quota.files * shareBeyond)));
      let accepted = 0;
      let answer: Exchange | undefined;
      for (let tries = 0; answer === undefined && tries < mostBeyond; tries++) {
        const sent = await purge(bench, beyond);
        if (sent.status === 201) accepted += beyond;
        else answer = sent;
      }
      const evidence = `${accepted} URLs were accepted once nothing was left`;
      if (answer === undefined) return cannotTell('it goes on accepting', evidence);
      if (answer.status === undefined) return cannotTell('there was no answer', evidence);
      if (!isAboutPurge(answer)) return cannotTell(`it was something else: ${describe(answer)}`, evidence);
      const facts = { exhausted: readError(answer, answer.status), overdraft: accepted / quota.files };
      return measured(describe(answer), evidence, facts);
    },
  };
}

/** @throws MeasureError where something is left all the same */
async function spendAll(bench: Bench, most: number, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const { files } = await readTokens(bench);
    if (files === 0) return;
    const asked = Math.min(files, most);
    const answer = await purge(bench, asked);
    if (answer.status === 201) continue;
    throw new MeasureError(
      `${asked} URLs were refused while there were ${files} tokens: ${describe(answer)}`,
    );
  }
  if ((await readTokens(bench)).files > 0) throw new MeasureError(`tokens are left after ${rounds} requests`);
}

/** Neither CDN Pro nor what is in front of it has failed, and the customer's bucket was not empty, of which others take, too. */
function isAboutPurge(answer: Exchange): boolean {
  const { status = 0 } = answer;
  return status >= 400 && status < 500 && !(status === 429 && remainingOf(answer) === 0);
}

function purge(bench: Bench, files: number): Promise<Exchange> {
  return bench.post(purgeOf(bench.urls(files)), { files, dirs: 0 }, true);
}

function readError({ body }: Exchange, status: number): ExhaustedAnswer {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return { status };
  }
  const { code, message } = isRecord(json) ? json : {};
  return {
    status,
    ...(typeof code === 'string' && { code }),
    ...(typeof message === 'string' && { message }),
  };
}
