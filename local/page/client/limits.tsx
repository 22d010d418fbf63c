import type { Budget, Overview } from '../view.ts';
import { Section, Time } from './section.tsx';

/** What is left of the limits. */
export function Budgets({ budgets }: { budgets: readonly Budget[] }) {
  return (
    <Section id="budgets" heading="Budget">
      {budgets.map(({ name, left, of, note }) => (
        <div key={name} class="budget">
          <span>{name}</span>
          <meter aria-label={name} min={0} max={of} low={of / 5} value={Math.max(0, left)} title={note} />
          <span>
            {left.toLocaleString('en')} of {of.toLocaleString('en')}
          </span>
        </div>
      ))}
    </Section>
  );
}

/** What waits in queues, and for tokens of the day. */
export function Waiting({ overview }: { overview: Overview | undefined }) {
  const { queued = 0, parked = 0, open = 0, waiting = [] } = overview ?? {};
  return (
    <Section id="waiting" heading="Waiting" count={queued + parked}>
      <dl>
        <dt>Messages in queues</dt>
        <dd>{queued}</dd>
        <dt>URLs that wait for tokens of the day</dt>
        <dd>{parked}</dd>
        <dt>Purges on the way</dt>
        <dd>{open}</dd>
      </dl>
      {waiting.length > 0 && (
        <ul class="urls">
          {waiting.map(({ url, lane, sinceMs }) => (
            <li key={url}>
              {url} ({lane}, since <Time ms={sinceMs} />)
            </li>
          ))}
          {parked > waiting.length && <li>and {parked - waiting.length} more</li>}
        </ul>
      )}
    </Section>
  );
}
