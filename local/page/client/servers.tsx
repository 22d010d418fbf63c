import type { PageAtServers, ServerState } from '../view.ts';
import { Section } from './section.tsx';

const symbols: Readonly<Record<ServerState, string>> = { fresh: '●', stale: '▲', purged: '◐', empty: '–' };

/** What each parent and edge would show. */
export function Servers({ pages }: { pages: readonly PageAtServers[] }) {
  const servers = pages[0]?.servers ?? [];
  return (
    <Section id="servers" heading="Edges and their parents">
      {pages.length === 0 ? (
        <p>No server keeps a page that has changed.</p>
      ) : (
        <div class="scroll">
          <table>
            <caption>
              What each server keeps: <b class="fresh">● fresh</b>, as the origin has it;{' '}
              <b class="stale">▲ stale</b>, something older; <b class="purged">◐ purged</b>, asks for it
              again; – nothing.
            </caption>
            <thead>
              <tr>
                <th scope="col">Page</th>
                {servers.map(({ name }) => (
                  <th key={name} scope="col">
                    {name.replaceAll('-', ' ')}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {pages.map((page) => (
                <Row key={page.url} page={page} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Section>
  );
}

function Row({ page: { url, servers } }: { page: PageAtServers }) {
  return (
    <tr>
      <th scope="row">{url}</th>
      {servers.map(({ name, state }) => (
        <td key={name} class={state}>
          <span aria-hidden="true">{symbols[state]}</span> {state}
        </td>
      ))}
    </tr>
  );
}
