import type { DeadLetterView, ProblemView } from '../view.ts';
import { Section, Time, Urls } from './section.tsx';

/** What was not purged, by reason. */
export function DeadLetters({ groups }: { groups: readonly DeadLetterView[] }) {
  const count = groups.reduce((sum, group) => sum + group.count, 0);
  return (
    <Section id="dead-letters" heading="Dead letters" count={count}>
      {count === 0 && <p>None.</p>}
      <ul>
        {groups.map(({ reason, count, urls }) => (
          <li key={reason}>
            <p>
              <b class="stage failed">{count}×</b> {reason}
            </p>
            <Urls urls={urls} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

/** What went wrong, and may have come right since. */
export function Problems({ problems }: { problems: readonly ProblemView[] }) {
  return (
    <Section id="problems" heading="Warnings" count={problems.length}>
      {problems.length === 0 && <p>None.</p>}
      <ul>
        {problems.map(({ message, atMs, count }) => (
          <li key={message}>
            <Time ms={atMs} /> {count > 1 && <b>{count}×</b>} {message}
          </li>
        ))}
      </ul>
    </Section>
  );
}
