import type { ActionView, PageView } from '../view.ts';
import { Changes, Purges } from './changes.tsx';
import { DeadLetters, Problems } from './failures.tsx';
import { Budgets, Waiting } from './limits.tsx';
import { Servers } from './servers.tsx';

interface AppProps {
  readonly view: PageView | undefined;
  readonly isConnected: boolean;
  readonly done: string;
  readonly act: (name: string) => void;
}

export function App({ view, isConnected, done, act }: AppProps) {
  return (
    <>
      <header>
        <h1>
          cdn-pro-purger <span class="title">{view?.title}</span>
        </h1>
        <Status view={view} isConnected={isConnected} />
      </header>
      <main>
        <section class="actions" aria-label="Try it">
          {view?.actions.map((action) => (
            <ActionButton key={action.name} action={action} act={act} />
          ))}
          <p role="status" class="done">
            {done}
          </p>
        </section>
        {view && <Sections view={view} />}
      </main>
    </>
  );
}

function Sections({ view }: { view: PageView }) {
  return (
    <>
      <Servers pages={view.pages} />
      <Budgets budgets={view.overview?.budgets ?? []} />
      <Waiting overview={view.overview} />
      <Changes changes={view.changes} />
      <Purges purges={view.purges} />
      <DeadLetters groups={view.deadLetters} />
      <Problems problems={view.problems} />
    </>
  );
}

/** The one sentence that says how it is. */
function Status({ view, isConnected }: Pick<AppProps, 'view' | 'isConnected'>) {
  const { state, sentence } = statusOf(view, isConnected);
  return (
    <p role="status" class={`summary ${state}`}>
      {sentence}
    </p>
  );
}

function statusOf(view: PageView | undefined, isConnected: boolean) {
  if (!isConnected) return { state: 'bad', sentence: 'Not connected: has the stack stopped?' };
  const overview = view?.overview;
  if (overview === undefined) return { state: 'busy', sentence: 'Looking …' };
  const stale = (view?.pages ?? []).filter(({ servers }) => servers.some(({ state }) => state === 'stale'));
  if (overview.fresh && stale.length === 0) {
    return { state: 'good', sentence: 'Nothing waits, nothing has failed, and no page below is stale.' };
  }
  const old = stale.length === 0 ? [] : [`${stale.length} of the pages below are stale`];
  const state = overview.deadLetters > 0 ? 'bad' : 'busy';
  return { state, sentence: `Not fresh: ${[...overview.why, ...old].join('; ')}.` };
}

/** One that cannot be done now keeps the focus, and says why. */
function ActionButton({
  action: { name, label, what, unavailable },
  act,
}: {
  action: ActionView;
  act: AppProps['act'];
}) {
  return (
    <button
      type="button"
      aria-disabled={unavailable !== undefined}
      aria-description={unavailable ?? what}
      title={unavailable ?? what}
      onClick={() => unavailable === undefined && act(name)}
    >
      {label}
    </button>
  );
}
