import { groupBy } from '../core/model/group-by.ts';
import { type Answer, type Judgement, judgeProbe, verdictOf } from '../core/proving/judge.ts';
import {
  askedEveryMs,
  longestAnswerMs,
  type Probe,
  type ProbeRequest,
  type ProbeResponse,
  type Seen,
} from '../core/proving/probe.ts';
import type { Vantages } from '../core/proving/vantages.ts';
import type { Asked } from './ask.ts';
import type { FoundServer, Server } from './find-server.ts';
import { fallbackReason, isSamePage, missingNextTo } from './missing-page.ts';

/** The ports of probing. */
export interface ProbePorts {
  readonly vantages: Vantages;
  readonly find: (url: URL, vantage: string) => Promise<FoundServer>;
  readonly ask: (
    url: URL,
    headers: NonNullable<Probe['headers']>,
    server: Server,
    withinMs: number,
    versionHeader?: string,
  ) => Promise<Asked>;
  readonly nowMs: () => number;
  readonly sleep: (ms: number) => Promise<unknown>;
}

const noTime = { reason: 'there was no time to ask' };

/** One URL at one vantage point. */
interface Task {
  readonly probe: Probe;
  readonly url: URL;
  readonly from: string;
}

interface Judged {
  readonly judgement: Judgement;
  readonly seen: Seen;
  /** What was answered, and by whom; missing where nobody was. */
  readonly answered?: { readonly answer: Answer; readonly server: Server };
}

/** @returns what asks for URLs at each vantage point of their targets, each host once a second, however often it is called */
export function createProber(ports: ProbePorts): (request: ProbeRequest) => Promise<ProbeResponse> {
  const { vantages, find, nowMs, sleep } = ports;
  /** When each host was asked last. */
  const askedMs = new Map<string, number>();
  const nextMs = (host: string) => (askedMs.get(host) ?? Number.NEGATIVE_INFINITY) + askedEveryMs;

  /** @param endMs when there is no more time, in milliseconds */
  async function askAll(tasks: readonly Task[], endMs: number): Promise<readonly Judged[]> {
    const judged: (Judged | Promise<Judged>)[] = [];
    const atMs = (host: string) => Math.max(nowMs(), nextMs(host));
    const isOver = (host: string) => atMs(host) + longestAnswerMs > endMs;
    async function takeTurn(host: string): Promise<void> {
      if (atMs(host) > nowMs()) await sleep(atMs(host) - nowMs());
      askedMs.set(host, nowMs());
    }

    /** An origin may answer another page for what is gone, as it does for what has never been. */
    async function doubtFallback(task: Task, judged: Judged): Promise<Judged> {
      const { probe, url } = task;
      const { judgement, answered } = judged;
      const missing = missingNextTo(url);
      const isDoubtful = judgement.kind === 'stale' && probe.shows.gone === true;
      if (!isDoubtful || answered === undefined || missing === undefined || isOver(url.hostname))
        return judged;
      await takeTurn(url.hostname);
      const asked = await ports.ask(missing, probe.headers ?? [], answered.server, longestAnswerMs);
      if ('reason' in asked || !isSamePage(answered.answer, asked.answer)) return judged;
      return { ...judged, judgement: { kind: 'unproven', reason: fallbackReason } };
    }

    for (const task of tasks) {
      const { hostname } = task.url;
      // Looking up takes time, too.
      const server = isOver(hostname) ? noTime : await find(task.url, task.from);
      if ('reason' in server || isOver(hostname)) {
        judged.push(unproven(task, 'reason' in server ? server.reason : noTime.reason));
        continue;
      }
      await takeTurn(hostname);
      judged.push(askOne(task, server, ports));
    }
    const all: Judged[] = [];
    // In turn: a host is asked once a second.
    for (const [index, each] of (await Promise.all(judged)).entries()) {
      const task = tasks[index];
      all.push(task === undefined ? each : await doubtFallback(task, each));
    }
    return all;
  }

  return async ({ probes, withinMs }) => {
    const endMs = nowMs() + withinMs;
    for (const host of askedMs.keys()) if (nextMs(host) <= nowMs()) askedMs.delete(host);
    const tasks = probes.flatMap((probe) =>
      vantages[probe.target].map((from): Task => ({ probe, url: new URL(probe.url), from })),
    );
    const hosts = [...groupBy(tasks, ({ url }) => url.hostname).values()];
    const judged = new Map<Task, Judged>();
    await Promise.all(
      hosts.map(async (ofHost) => {
        const all = await askAll(ofHost, endMs);
        all.forEach((each, index) => {
          const task = ofHost[index];
          if (task !== undefined) judged.set(task, each);
        });
      }),
    );
    const byProbe = groupBy(tasks, ({ probe }) => probe);
    const verdicts = probes.map((probe) =>
      verdictOf((byProbe.get(probe) ?? []).flatMap((task) => judged.get(task) ?? [])),
    );
    return { verdicts };
  };
}

async function askOne(task: Task, server: Server, { ask }: ProbePorts): Promise<Judged> {
  const { probe, url, from } = task;
  const asked = await ask(url, probe.headers ?? [], server, longestAnswerMs, probe.shows.header?.name);
  if ('reason' in asked) return unproven(task, asked.reason, server.address);
  const { answer, seen } = asked;
  return { judgement: judgeProbe(probe, answer), seen: { from, ...seen }, answered: { answer, server } };
}

function unproven({ from }: Task, reason: string, address?: string): Judged {
  const seen = { from, ...(address !== undefined && { address }) };
  return { judgement: { kind: 'unproven', reason }, seen };
}
