import type { ChangeView, PurgeStage, PurgeView } from '../view.ts';
import { Section, Time, Urls } from './section.tsx';

/** What has changed, and how far it is. */
export function Changes({ changes }: { changes: readonly ChangeView[] }) {
  return (
    <Section id="changes" heading="Changes" count={changes.length}>
      {changes.length === 0 && <p>Nothing has changed yet.</p>}
      <ol>
        {changes.map((change) => (
          <Change key={`${change.id} ${change.atMs}`} change={change} />
        ))}
      </ol>
    </Section>
  );
}

function Change({ change }: { change: ChangeView }) {
  const { id, atMs, action, stage, reason, urls, urlCount, waiting } = change;
  return (
    <li>
      <p>
        <Time ms={atMs} /> <b class={`stage ${stage}`}>{stage}</b> {action} <span class="id">{id}</span>
        {reason !== undefined && <span> ({reason})</span>}
        {stage === 'waiting' && urlCount > 1 && (
          <span>
            {' '}
            ({waiting} of {urlCount} URLs)
          </span>
        )}
      </p>
      <Urls urls={urls} count={urlCount} />
    </li>
  );
}

/** Each purge from accepted to proven. */
export function Purges({ purges }: { purges: readonly PurgeView[] }) {
  return (
    <Section id="purges" heading="Purges" count={purges.length}>
      {purges.length === 0 && <p>CDN Pro has accepted none yet.</p>}
      <ol>
        {purges.map((purge) => (
          <Purge key={purge.id} purge={purge} />
        ))}
      </ol>
    </Section>
  );
}

function Purge({ purge: { id, atMs, stage, action, urls, urlCount, note } }: { purge: PurgeView }) {
  return (
    <li>
      <p>
        <Time ms={atMs} /> <Steps stage={stage} /> {action} <span class="id">{id}</span>
        {note !== undefined && <span class="note"> {note}</span>}
      </p>
      <Urls urls={urls} count={urlCount} />
    </li>
  );
}

const way: readonly PurgeStage[] = ['accepted', 'finished', 'completed', 'fresh'];

/** The stages that lie behind, as dots, and the one that is reached, in words. */
function Steps({ stage }: { stage: PurgeStage }) {
  // One that is superseded or has failed has been accepted, and got no further.
  const reached = Math.max(1, way.indexOf(stage) + 1);
  return (
    <b class={`stage ${stage}`}>
      <span aria-hidden="true">
        {way.map((each, index) => (
          <i key={each} title={each}>
            {index < reached ? '●' : '○'}
          </i>
        ))}
      </span>{' '}
      {stage}
    </b>
  );
}
